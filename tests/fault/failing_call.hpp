#pragma once

#include <atomic>
#include <cstddef>
#include <system_error>

#include <weft/io/detail/syscalls.hpp>

#include "support/io_fixture.hpp"

namespace weft::testing {

namespace sys = weft::detail::sys;
using sys::call;

/// Which calls fail, with what, and how often still.
inline std::atomic<call> victim{};
inline std::atomic<int> failure{0};
inline std::atomic<int> left{0};
inline std::atomic<std::size_t> least_size{0};

inline sys::fault misbehave(call which, int, std::size_t size) noexcept {
  if (which != victim || size < least_size || left.fetch_sub(1) <= 0) {
    return {};
  }
  return {.error = failure};
}

/// The next `times` calls fail while it lives. Of calls that move messages, those for at least
/// `size` of them only.
class failing {
 public:
  failing(call which, int error, int times = 1'000'000, std::size_t size = 0) {
    victim = which;
    failure = error;
    left = times;
    least_size = size;
    sys::inject(&misbehave);
  }
  ~failing() { sys::inject(nullptr); }
  failing(const failing&) = delete;
  failing& operator=(const failing&) = delete;
};

inline bool is_errno(std::error_code error, int number) {
  return error == std::error_condition(number, std::generic_category());
}

}  // namespace weft::testing
