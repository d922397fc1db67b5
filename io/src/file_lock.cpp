#include <algorithm>
#include <chrono>

#include <weft/io/file_lock.hpp>
#include <weft/runtime/sleep.hpp>

#include "pool_call.hpp"
#include "syscalls_paths.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

/// A call that does not wait, made here and now.
template <class Call>
result<void> call_now(const file& open, Call make_it) noexcept {
  const auto held = open.descriptor().borrow();
  if (!held) {
    return fail(errc::closed);
  }
  const int done = make_it(held.native_handle());
  return done < 0 ? result<void>(fail(sys::error_of(done))) : result<void>();
}

}  // namespace

result<void> lock_file(const file& open, lock_mode mode) noexcept {
  constexpr duration longest = std::chrono::milliseconds(20);
  duration pause = std::chrono::microseconds(100);
  for (;;) {
    const auto locked = detail::call_on_handle(
        open.descriptor(), [=](int handle) noexcept { return sys::try_lock_file(handle, mode); });
    if (locked) {
      return {};
    }
    if (locked.error() != std::errc::operation_would_block) {
      return fail(locked.error());
    }
    if (auto slept = sleep_for(pause); !slept) {
      return slept;
    }
    pause = std::min(pause * 2, longest);
  }
}

result<void> try_lock_file(const file& open, lock_mode mode) noexcept {
  return call_now(open, [=](int handle) noexcept { return sys::try_lock_file(handle, mode); });
}

result<void> unlock_file(const file& open) noexcept {
  return call_now(open, [](int handle) noexcept { return sys::unlock_file(handle); });
}

}  // namespace weft::io
