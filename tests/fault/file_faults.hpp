#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <system_error>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>

/// Calls on files that fail as planned.
namespace weft::testing {

using detail::sys::call;

inline bool is_errno(std::error_code error, int number) {
  return error == detail::sys::error_of(-number);
}

/// The first so many calls of a kind fail while it lives. Other workers ask, too.
class failing_calls {
 public:
  failing_calls(call kind, int number, int count = 1) {
    which = kind;
    error = number;
    times = count;
    seen = 0;
    detail::sys::inject(&answer);
  }
  ~failing_calls() { detail::sys::inject(nullptr); }
  failing_calls(const failing_calls&) = delete;
  failing_calls& operator=(const failing_calls&) = delete;

  int calls() const { return seen; }

 private:
  static detail::sys::fault answer(call made, int, std::size_t) noexcept {
    const bool fails = made == which && seen++ < times;
    return {.error = fails ? error.load() : 0};
  }

  static inline std::atomic<call> which{};
  static inline std::atomic<int> error{0};
  static inline std::atomic<int> times{0};
  static inline std::atomic<int> seen{0};
};

/// Each error once: is the outcome; interrupted calls are repeated and succeed.
template <class Call>
void expect_errors(call which, std::initializer_list<int> numbers, Call make_call) {
  for (const int number : numbers) {
    std::error_code error;
    {
      const failing_calls system(which, number);
      error = make_call();
      CHECK(system.calls() >= 1);
    }
    CHECK_MESSAGE(is_errno(error, number), error.message(), " for ", number);
  }
  const failing_calls system(which, EINTR, 3);
  CHECK(make_call() == std::error_code());
  CHECK(system.calls() > 3);
}

}  // namespace weft::testing
