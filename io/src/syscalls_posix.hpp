#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <ctime>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/detail/compiler.hpp>

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

/// Makes a call under the injector's eyes, again if it was interrupted. `make_it` receives how many
/// bytes it may move, and returns a value or minus the error number.
template <class Call>
WEFT_INLINE_FOR_SPEED auto make_raw(call which, int fd, std::size_t size, Call&& make_it) noexcept {
  using value = decltype(make_it(size));
  for (;;) {
    const fault f = ask_injector(which, fd, size);
    const value result =
        f.error == 0 ? make_it(std::min(size, f.limit)) : static_cast<value>(-f.error);
    if (result != -EINTR) [[likely]] {
      return result;
    }
  }
}

/// The same for calls that leave the error in `errno`.
template <class Call>
auto make(call which, int fd, std::size_t size, Call&& make_it) noexcept {
  return make_raw(which, fd, size, [&](std::size_t n) {
    const auto result = make_it(n);
    return result >= 0 ? result : static_cast<decltype(make_it(n))>(-errno);
  });
}

}  // namespace weft::detail::sys
