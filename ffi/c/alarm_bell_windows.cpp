#include <cstddef>
#include <memory>
#include <new>
#include <system_error>

#include <netinet/in.h>
#include <windows.h>

#include <weft/io/detail/syscalls.hpp>

#include "alarm_bell.hpp"

/// A datagram socket that is connected to itself, because only sockets can be waited for together
/// with sockets by several threads at a time. It takes nothing from anybody else.
namespace weft::c {

namespace {

namespace sys = weft::detail::sys;

/// A negative error number when it cannot be had.
int connect_to_itself(int fd) noexcept {
  sockaddr_in self{};
  self.sin_family = AF_INET;
  self.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  auto* const address = reinterpret_cast<sockaddr*>(&self);
  unsigned size = sizeof self;
  int outcome = sys::bind(fd, address, size);
  if (outcome == 0) {
    outcome = sys::local_name(fd, address, &size);
  }
  return outcome == 0 ? sys::connect(fd, address, size) : outcome;
}

void CALLBACK end_of_thread(void* bell) {
  delete static_cast<alarm_bell*>(bell);
}

DWORD slot() noexcept {
  static const DWORD allocated = ::FlsAlloc(&end_of_thread);
  return allocated;
}

}  // namespace

alarm_bell::alarm_bell() {
  const int made = sys::socket(AF_INET, SOCK_DGRAM, 0);
  const int outcome = made < 0 ? made : connect_to_itself(made);
  if (outcome < 0) {
    if (made >= 0) {
      sys::close(made);
    }
    throw std::system_error(sys::error_of(outcome));
  }
  ends_[0] = made;
}

alarm_bell::~alarm_bell() {
  sys::close(ends_[0]);
}

// Not a thread_local: MinGW destroys those when their memory has gone already.
alarm_bell& alarm_bell::of_this_thread() {
  if (void* const mine = ::FlsGetValue(slot())) {
    return *static_cast<alarm_bell*>(mine);
  }
  auto made = std::make_unique<alarm_bell>();
  if (!::FlsSetValue(slot(), made.get())) {
    throw std::bad_alloc();
  }
  return *made.release();
}

void alarm_bell::fire() noexcept {
  const char ring = 0;
  std::size_t size = sizeof ring;
  (void)sys::send(ends_[0], &ring, size, 0);  // one that finds no room finds others that ring
}

void alarm_bell::silence() noexcept {
  char ring = 0;
  std::size_t size = sizeof ring;
  while (sys::receive(ends_[0], &ring, size, 0) > 0) {
  }
}

}  // namespace weft::c
