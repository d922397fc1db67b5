#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <memory>
#include <new>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "poller.hpp"
#include "service.hpp"

namespace weft::dart {

namespace {

constexpr auto first_question = std::chrono::seconds(1);
constexpr auto last_question = std::chrono::seconds(64);

constexpr std::uint32_t all_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

int milliseconds_until(time_point until) noexcept {
  if (until == time_point::min()) {
    return 0;
  }
  if (until == time_point::max()) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

}  // namespace

result<std::unique_ptr<poller>> poller::make() noexcept {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int waker = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const std::error_code error(errno, std::system_category());
  std::unique_ptr<poller> made(new (std::nothrow) poller(epoll, waker));
  if (epoll < 0 || waker < 0) {
    return fail(error);
  }
  if (!made || !made->control(EPOLL_CTL_ADD, waker, EPOLLIN, nullptr)) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
  return made;
}

poller::~poller() {
  for (const int fd : {epoll_, waker_}) {
    if (fd >= 0) {
      ::close(fd);
    }
  }
}

bool poller::control(int what, int fd, std::uint32_t events, socket_slot* whose) noexcept {
  epoll_event wanted{};
  wanted.events = events;
  wanted.data.ptr = whose;
  return ::epoll_ctl(epoll_, what, fd, &wanted) == 0;
}

bool poller::watch(int fd, socket_slot& whose) noexcept {
  return control(EPOLL_CTL_ADD, fd, all_events, &whose);
}

bool poller::watch_again(int fd, socket_slot& whose) noexcept {
  return control(EPOLL_CTL_MOD, fd, all_events, &whose);
}

void poller::unwatch(int fd, socket_slot& whose) noexcept {
  control(EPOLL_CTL_MOD, fd, EPOLLET, &whose);
}

void poller::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the poller is awake.
  [[maybe_unused]] const auto written = ::write(waker_, &one, sizeof one);
}

void poller::poll(time_point until) noexcept {
  std::array<epoll_event, 128> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 milliseconds_until(std::min(until, ask_owners_at_)));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr) {
      serve(*static_cast<socket_slot*>(event.data.ptr), *this);
      continue;
    }
    std::uint64_t times = 0;
    [[maybe_unused]] const auto drained = ::read(waker_, &times, sizeof times);
    bury_collected();
  }
  if (ask_owners_at_ != time_point::max()) {
    ask_owners(clock::now());
  }
}

void poller::suspect() noexcept {
  const time_point soon = clock::now() + first_question;
  ask_again_after_ = first_question;
  ask_owners_at_ = std::min(ask_owners_at_, soon);
}

void poller::ask_owners(time_point now) noexcept {
  if (now < ask_owners_at_) {
    return;
  }
  sweep_dead_ports();
  ask_again_after_ *= 2;
  ask_owners_at_ = ask_again_after_ > last_question ? time_point::max() : now + ask_again_after_;
}

}  // namespace weft::dart
