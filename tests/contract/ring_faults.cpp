#include "ring_faults.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <map>
#include <mutex>

#include <liburing.h>

#include <weft/io/detail/descriptor_state.hpp>

namespace weft::testing::ring_faults {

namespace {

std::mutex mutex;  // guards all below
int failing_handle = -1;
int completion_error = 0;
int completions_left = 0;
int completions_failed = 0;
std::map<std::uint64_t, int> underway;  // the entries' user_data, and the error of each

std::atomic<int> entering_error{0};
std::atomic<int> entries_left{0};
std::atomic<int> entries_failed{0};

/// As in io_uring_prepare.cpp: the lower 48 bits point to the operation; 0 and 1 are none's.
const io::operation* operation_of(std::uint64_t user_data) noexcept {
  constexpr std::uint64_t address = (std::uint64_t{1} << 48) - 1;
  return user_data <= 1 ? nullptr
                        : reinterpret_cast<const io::operation*>(
                              static_cast<std::uintptr_t>(user_data & address));
}

void spoil_entries(io_uring& ring) noexcept {
  const std::lock_guard hold(mutex);
  for (unsigned i = ring.sq.sqe_head; completions_left > 0 && i != ring.sq.sqe_tail; ++i) {
    io_uring_sqe& entry = ring.sq.sqes[i & *ring.sq.kring_mask];
    const io::operation* const op = operation_of(entry.user_data);
    if (op && op->target->fd == failing_handle) {
      const std::uint64_t user_data = entry.user_data;
      io_uring_prep_nop(&entry);
      entry.user_data = user_data;
      underway[user_data] = completion_error;
      --completions_left;
    }
  }
}

void spoil_completions(io_uring& ring) noexcept {
  const std::lock_guard hold(mutex);
  unsigned head = 0;
  io_uring_cqe* entry = nullptr;
  io_uring_for_each_cqe(&ring, head, entry) {
    if (const auto found = underway.find(entry->user_data); found != underway.end()) {
      entry->res = -found->second;
      underway.erase(found);
      ++completions_failed;
    }
  }
}

/// Enters the kernel under our eyes, or not at all.
template <class Enter>
int enter(io_uring* ring, Enter enter_it) noexcept {
  if (entries_left > 0) {
    --entries_left;
    ++entries_failed;
    return -entering_error;
  }
  spoil_entries(*ring);
  const int result = enter_it();
  spoil_completions(*ring);
  return result;
}

}  // namespace

bool available() noexcept {
  return true;
}

void fail_completions(int handle, int error, int times) noexcept {
  const std::lock_guard hold(mutex);
  entries_failed = 0;
  failing_handle = handle;
  completion_error = error;
  completions_left = times;
  completions_failed = 0;
}

void fail_entering(int error, int times) noexcept {
  const std::lock_guard hold(mutex);
  completions_failed = 0;
  entering_error = error;
  entries_failed = 0;
  entries_left = times;
}

int failed() noexcept {
  const std::lock_guard hold(mutex);
  return completions_failed + entries_failed;
}

int stop() noexcept {
  {
    const std::lock_guard hold(mutex);
    completions_left = 0;
    entries_left = 0;
  }
  return failed();
}

// The names are the linker's (--wrap).
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
extern "C" {

int __real_io_uring_submit(io_uring* ring);
int __real_io_uring_get_events(io_uring* ring);
int __real_io_uring_submit_and_wait(io_uring* ring, unsigned count);
int __real_io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** first, unsigned count,
                                            __kernel_timespec* limit, sigset_t* mask);

int __wrap_io_uring_submit(io_uring* ring) {
  return enter(ring, [&] { return __real_io_uring_submit(ring); });
}

int __wrap_io_uring_get_events(io_uring* ring) {
  return enter(ring, [&] { return __real_io_uring_get_events(ring); });
}

int __wrap_io_uring_submit_and_wait(io_uring* ring, unsigned count) {
  return enter(ring, [&] { return __real_io_uring_submit_and_wait(ring, count); });
}

int __wrap_io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** first, unsigned count,
                                            __kernel_timespec* limit, sigset_t* mask) {
  return enter(ring, [&] {
    return __real_io_uring_submit_and_wait_timeout(ring, first, count, limit, mask);
  });
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

}  // namespace weft::testing::ring_faults
