#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include <weft/io/detail/syscalls.hpp>

namespace weft::testing {

/// Of one kind of call on one descriptor, or on all (-1): first `pass` calls are let through, then
/// `times` calls fail.
struct misfortune {
  detail::sys::call which;
  int error;
  int handle = -1;
  int pass = 0;
  int times = 1;
};

/// It befalls the calls made while this lives. One at a time.
class misbehaviour {
 public:
  explicit misbehaviour(const misfortune& planned) noexcept {
    current = planned;
    seen = 0;
    detail::sys::inject(&answer);
  }
  ~misbehaviour() { detail::sys::inject(nullptr); }
  misbehaviour(const misbehaviour&) = delete;
  misbehaviour& operator=(const misbehaviour&) = delete;

  /// How many such calls there were, and how many of them have failed.
  int calls() const noexcept { return seen; }
  int failures() const noexcept { return std::clamp(seen.load() - current.pass, 0, current.times); }

 private:
  static detail::sys::fault answer(detail::sys::call which, int handle, std::size_t) noexcept {
    if (which != current.which || (current.handle >= 0 && handle != current.handle)) {
      return {};
    }
    const int number = seen++;
    const bool fails = number >= current.pass && number < current.pass + current.times;
    return {.error = fails ? current.error : 0};
  }

  static inline misfortune current{};
  static inline std::atomic<int> seen{0};
};

}  // namespace weft::testing
