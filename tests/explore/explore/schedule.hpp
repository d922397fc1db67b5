#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Who decides which model thread runs next.
namespace weft::explore {

inline constexpr std::size_t most_threads = 6;

/// A thread that could run, and what that costs of the preemption bound.
struct option {
  std::uint8_t who = 0;
  std::uint8_t cost = 0;
};

/// A step at which there is a choice. The first option is what happens if nobody interferes.
struct crossing {
  std::uint32_t step = 0;
  std::uint64_t state = 0;  ///< equal where all that happened so far is equivalent
  std::span<const option> options;
};

class schedule {
 public:
  virtual ~schedule() = default;
  /// The index of an option; out of range if there is none such as it wants.
  virtual std::size_t choose(const crossing& at) = 0;
  /// Whether it wants to be asked also where no other thread could notice the difference.
  virtual bool asks_everywhere() const noexcept { return true; }
  /// Names the schedule so far.
  virtual std::string seed() const = 0;
};

/// Depth first through all choices whose cost stays within the bound.
///
/// A state that was met before with at least as much of the bound left is not explored again: all
/// that could follow did. The state is a hash of the partial order of events, so two runs that
/// differ in the order of independent steps meet.
class depth_first : public schedule {
 public:
  explicit depth_first(int bound) : bound_(bound) {}

  std::size_t choose(const crossing& at) override;
  bool asks_everywhere() const noexcept override { return false; }
  std::string seed() const override;

  /// Prepares the next run; false when there is none.
  bool next();
  void restart();
  bool was_cut_short() const noexcept { return known_; }

 private:
  struct decision {
    std::uint32_t step = 0;
    std::size_t chosen = 0;
    std::size_t count = 0;
    std::array<option, most_threads> options{};
  };

  const int bound_;
  int spent_ = 0;
  bool known_ = false;
  std::size_t depth_ = 0;
  std::vector<decision> path_;
  std::unordered_map<std::uint64_t, int> seen_;  // state -> what was left of the bound, at most
};

/// Leaves the first option at random.
class random_walk : public schedule {
 public:
  explicit random_walk(std::uint64_t number) : number_(number), state_(number * 2 + 1) {}

  std::size_t choose(const crossing& at) override;
  std::string seed() const override;

 private:
  std::uint32_t draw() noexcept;

  const std::uint64_t number_;
  std::uint64_t state_;
};

/// The first option, but at the steps that a seed of depth_first names.
class fixed_schedule : public schedule {
 public:
  /// Throws std::invalid_argument.
  explicit fixed_schedule(std::string_view seed);

  std::size_t choose(const crossing& at) override;
  std::string seed() const override { return seed_; }

 private:
  struct exception {
    std::uint32_t step = 0;
    std::uint32_t who = 0;
  };

  const std::string seed_;
  std::vector<exception> exceptions_;
  std::size_t next_ = 0;
};

}  // namespace weft::explore
