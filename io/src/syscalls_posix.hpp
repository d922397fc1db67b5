#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <ctime>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/clock.hpp>

/// What the sources of syscalls.hpp share; each system adds the calls that differ.
namespace weft::detail::sys {

/// The relative time-out that the system's waiting calls take: null for `forever`, zero for
/// `time_point::min()` and times in the past.
timespec* time_left(time_point until, timespec& left) noexcept;

extern std::atomic<injector> installed;  // by inject()

/// consult(), in line.
inline fault ask_injector(call which, int fd, std::size_t size) noexcept {
  if (const injector asked = installed.load(std::memory_order_acquire)) [[unlikely]] {
    return asked(which, fd, size);  // pairs with the release in inject()
  }
  return {};
}

/// Makes a call under the injector's eyes and turns its outcome into a value or minus errno. `make`
/// receives how many bytes it may move.
template <class Call>
auto make(call which, int fd, std::size_t size, Call&& make_it) noexcept {
  using value = decltype(make_it(size));
  for (;;) {
    const fault f = ask_injector(which, fd, size);
    int error = f.error;
    if (error == 0) [[likely]] {
      const value result = make_it(std::min(size, f.limit));
      if (result >= 0) [[likely]] {
        return result;
      }
      error = errno;
    }
    if (error != EINTR) {
      return static_cast<value>(-error);
    }
  }
}

}  // namespace weft::detail::sys
