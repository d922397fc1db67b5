#pragma once

#include <cstddef>
#include <vector>

struct io_uring;
struct io_uring_sqe;

namespace weft::io {

/// Submission entries that the kernel has not been given yet, in their order: as many as there are
/// operations, while a ring's own queue is short. They wait here, and not as completions, so that
/// what the kernel does for one is still in the cache when its fiber runs:
/// docs/decisions/012-batches.md.
///
/// Errors: add() returns null when it is full and there is no memory to grow; the constructor
///   throws std::bad_alloc.
class waiting_entries {
 public:
  waiting_entries();
  ~waiting_entries();
  waiting_entries(const waiting_entries&) = delete;
  waiting_entries& operator=(const waiting_entries&) = delete;

  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }

  /// Room for one more, the last, to be filled in; cleared.
  io_uring_sqe* add() noexcept;
  /// Moves the first ones to the ring's queue until that holds `most`, if there are so many.
  void move_to(io_uring& ring, unsigned most) noexcept;

 private:
  bool grow() noexcept;

  std::vector<io_uring_sqe> slots_;  // a power of two of them, used in a circle
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace weft::io
