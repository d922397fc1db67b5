#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

#include "alarm_bell.hpp"

/// An event descriptor: one for each thread, where a pipe takes two.
namespace weft::c {

alarm_bell::alarm_bell() {
  ends_[0] = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (ends_[0] < 0) {
    throw std::system_error(errno, std::system_category());
  }
}

alarm_bell::~alarm_bell() {
  ::close(ends_[0]);
}

alarm_bell& alarm_bell::of_this_thread() {
  static thread_local alarm_bell mine;
  return mine;
}

void alarm_bell::fire() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(ends_[0], &one, sizeof one);
}

void alarm_bell::silence() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(ends_[0], &count, sizeof count);
}

}  // namespace weft::c
