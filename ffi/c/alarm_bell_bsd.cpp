#include <system_error>

#include <weft/io/detail/syscalls.hpp>

#include "alarm_bell.hpp"

namespace weft::c {

namespace sys = weft::detail::sys;

alarm_bell::alarm_bell() {
  if (const int made = sys::wake_pipe(ends_); made < 0) {
    throw std::system_error(-made, std::system_category());
  }
}

alarm_bell::~alarm_bell() {
  sys::close(ends_[0]);
  sys::close(ends_[1]);
}

alarm_bell& alarm_bell::of_this_thread() {
  static thread_local alarm_bell mine;
  return mine;
}

void alarm_bell::fire() noexcept {
  sys::signal_pipe(ends_[1]);
}

void alarm_bell::silence() noexcept {
  sys::drain_pipe(ends_[0]);
}

}  // namespace weft::c
