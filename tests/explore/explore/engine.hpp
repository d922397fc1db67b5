#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <vector>

#include <explore/explore.hpp>

#include "context.hpp"
#include "history.hpp"
#include "sanitizer.hpp"
#include "schedule.hpp"
#include "thread_parker.hpp"

/// One run of a program: its model threads and their steps.
///
/// All run on one thread of the system. A model thread goes on until it calls point(), which asks
/// the schedule who is next and switches to it. Whoever is next switches from its own point().
/// The engine has no thread of its own, but `outside_`, which began the run and is switched to when
/// the program has returned or failed; of a failed run the threads are left where they stand.
namespace weft::explore {

class engine {
 public:
  /// The one that runs a program now; null outside of a run.
  static engine* current() noexcept { return current_; }

  explicit engine(const options& how) : how_(how) {}
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Runs the program once. What went wrong, or nothing.
  std::string run(const program& body, schedule& decides);
  bool has_learnt() noexcept { return history_.has_learnt(); }
  const std::string& trace() const noexcept { return trace_; }
  void keep_trace() noexcept { traces_ = true; }

  // For the program's thread that runs.
  void before(const void* at, std::source_location where);
  void after(const void* at, access what);
  void relax();
  bool wait_on_word(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                    time_point until);
  void wake_word(const void* word);
  clock::time_point now();
  void together(std::initializer_list<std::function<void()>> threads);
  [[noreturn]] void fail(std::string what);
  int self() const noexcept { return running_->number; }
  detail::thread_parker& parker_of(std::size_t number) noexcept;
  detail::thread_parker& parker() noexcept { return parker_of(borrowed_); }
  void cancel(std::size_t number);
  std::string seed() const { return decides_->seed(); }

 private:
  enum class state : std::uint8_t { absent, runnable, relaxing, waiting, joining, ended };

  /// A context as the sanitizers and the C++ runtime know it.
  struct place {
    detail::context at{};
    detail::sanitizer_stack stack;
    const void* bottom = nullptr;
    std::size_t size = 0;
    void* sanitizer_fiber = nullptr;
    detail::exception_state exceptions;
  };

  struct thread {
    std::uint8_t number = 0;
    state is = state::absent;
    std::uint64_t last_event = 0;
    const void* where = nullptr;  // waiting or relaxing: for this to change
    std::uint32_t version = 0;    // relaxing: as it was
    std::uint32_t relaxed = 0;    // how often since that changed last
    time_point until = forever;
    const void* last_read = nullptr;
    bool cancels = false;  // another thread, which may have ended
    const std::function<void()>* does = nullptr;
    std::unique_ptr<std::byte[]> memory;
    place at;
    alignas(detail::thread_parker) std::array<std::byte, sizeof(detail::thread_parker)> parker;
  };

  static void enter(void* self) noexcept;
  void live(thread& self);
  void prepare(thread& t, const std::function<void()>& does);
  void point(bool shared);
  void choose_next();
  std::size_t list(std::array<option, most_threads>& options);
  void go_to(thread& next);
  void switch_to(place& from, place& to, bool for_good);
  bool could_run(const thread& t);
  bool is_wait_of_ended(const void* at) noexcept;
  void look_for_leftovers();
  void note(std::source_location where);
  std::string describe_waiters() const;

  static inline engine* current_ = nullptr;

  const options how_;
  history history_;
  std::array<thread, most_threads> threads_;
  thread* running_ = nullptr;
  place outside_;
  place* leaver_ = nullptr;
  schedule* decides_ = nullptr;
  const program* body_ = nullptr;
  std::string failure_;
  std::string trace_;
  bool traces_ = false;
  bool quiet_ = false;        // no scheduling: the run's own checks
  bool alone_ = true;         // nobody but thread 0 runs
  std::size_t borrowed_ = 0;  // whose parker current_parker() is
  std::uint32_t step_ = 0;    // a number of its own for each call of choose_next()
  int traced_thread_ = -1;
  std::int64_t now_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> abandoned_;  // stacks that a failed run has left
};

}  // namespace weft::explore
