#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include <weft/runtime/detail/spinlock.hpp>

#include "stack_guard.hpp"

namespace weft::detail {

/// The record of a stack; it lies outside the stack's own memory. 40 bytes.
struct stack {
  std::byte* top;         ///< one past the highest usable byte; a multiple of 64
  std::byte* bottom;      ///< lowest usable byte; the guard page lies just below
  stack* next;            ///< for whoever holds the stack
  void* sanitizer_fiber;  ///< set by whoever first holds the stack; destroyed with the slab
  std::uint8_t size_class;
  bool guarded;

  /// Address space, the guard page included.
  [[nodiscard]] std::size_t size() const noexcept;
};

/// Gives the stack's pages back to the system but for those of the uppermost `keep` bytes.
void discard_below(const stack& s, std::size_t keep) noexcept;

/// Forgets what AddressSanitizer knows of a stack's former contents: frames that were not left in
/// the regular way would look like errors to its next user. Nothing in other builds.
void unpoison(const stack& reused) noexcept;

/// What a group of slabs is to be like.
struct slab_options {
  std::size_t stride;  ///< address space of a stack; whole pages
  std::uint8_t size_class;
  guard_kind guard;
  guard_budget* budget;  ///< for guard_kind::protection
};

/// Makes stacks of one size. What it made lives until it is destroyed.
///
/// Threads: any thread may carve.
class stack_slabs {
 public:
  stack_slabs() noexcept = default;
  /// Unmaps all stacks.
  ~stack_slabs();
  stack_slabs(const stack_slabs&) = delete;
  stack_slabs& operator=(const stack_slabs&) = delete;

  /// Before anything else, once.
  void configure(const slab_options& options) noexcept { options_ = options; }

  /// 0: not configured.
  [[nodiscard]] std::size_t stride() const noexcept { return options_.stride; }

  /// New stacks; returns how many it made. Short only when address space or memory ran out.
  std::size_t carve(std::span<stack*> stacks) noexcept;

  struct counts {
    std::size_t reserved_bytes;
    std::size_t unguarded;
  };
  [[nodiscard]] counts count() const noexcept;

 private:
  struct slab;
  struct piece {
    slab* of = nullptr;
    std::size_t first = 0;
    std::size_t count = 0;
  };

  piece take(std::size_t wanted) noexcept;
  bool grow() noexcept;
  slab* map(std::size_t count) noexcept;
  void write_records(const piece& taken, std::span<stack*> stacks) noexcept;
  void guard(const piece& taken, std::span<stack* const> stacks) noexcept;

  slab_options options_{};
  std::mutex growing_;          // held while a slab is mapped; taken before lock_
  std::size_t slab_bytes_ = 0;  // guarded by growing_
  mutable spinlock lock_;       // guards everything below and the slabs' counts
  slab* slabs_ = nullptr;       // only the first has stacks left; written under both locks
  counts counts_{};
};

}  // namespace weft::detail
