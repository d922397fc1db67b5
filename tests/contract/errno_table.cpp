#include "errno_table.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include <weft/runtime/errc.hpp>

namespace weft::testing {

namespace {

using detail::sys::call;

struct ledger {
  // By call, errno, fate and backend: whether all of its cases passed.
  std::map<std::tuple<std::string, std::string, std::string, std::string>, bool> entries;
  std::mutex mutex;

  ~ledger() {
    if (!std::getenv("WEFT_ERRNO_LINES")) {
      return;
    }
    std::puts("CTEST_FULL_OUTPUT");  // asks CTest to keep the lines
    for (const auto& [what, passed] : entries) {
      const auto& [call, number, fate, backend] = what;
      std::printf("errno\t%s\t%s\t%s\t%s\t%s\n", call.c_str(), number.c_str(), fate.c_str(),
                  backend.c_str(), passed ? "passed" : "failed");
    }
  }
};

}  // namespace

std::error_code errno_case::outcome() const noexcept {
  if (what == fate::closed) {
    return errc::closed;
  }
  if (what == fate::unsupported) {
    return detail::sys::error_of(-EOPNOTSUPP);
  }
  return what == fate::reported ? detail::sys::error_of(-number) : std::error_code();
}

std::string_view name_of(fate what) noexcept {
  constexpr std::array names{"repeated", "waits",     "reported", "unsupported",
                             "closed",   "succeeded", "skipped",  "paused"};
  return names[static_cast<std::size_t>(what)];
}

std::string_view name_of(call which) noexcept {
  switch (which) {
    case call::receive:
      return "recv";
    case call::receive_message:
      return "recvmsg";
    case call::send:
      return "send";
    case call::send_message:
      return "sendmsg";
    case call::read:
      return "read";
    case call::write:
      return "write";
    case call::accept:
      return "accept";
    case call::connect:
      return "connect";
    case call::poll:
      return "poll";
    case call::socket:
      return "socket";
    case call::bind:
      return "bind";
    case call::listen:
      return "listen";
    case call::shutdown:
      return "shutdown";
    case call::close:
      return "close";
    case call::get_option:
      return "getsockopt";
    case call::set_option:
      return "setsockopt";
    case call::local_name:
      return "getsockname";
    case call::peer_name:
      return "getpeername";
    case call::epoll_create:
      return "epoll_create1";
    case call::epoll_control:
      return "epoll_ctl";
    case call::epoll_wait:
      return "epoll_wait";
    case call::kqueue_create:
      return "kqueue";
    case call::kqueue_change:
    case call::kqueue_wait:
      return "kevent";
    case call::event_fd:
      return "eventfd";
    case call::wake_pipe:
      return "pipe2";
    case call::ring_setup:
      return "io_uring_setup";
    case call::ring_register:
      return "io_uring_register";
    case call::ring_enter:
      return "io_uring_enter";
    default:
      return "another call";
  }
}

void note(std::string_view call, const errno_case& error, std::string_view backend, bool passed) {
  static ledger all;
  const std::lock_guard hold(all.mutex);
  auto [entry, is_new] =
      all.entries.try_emplace({std::string(call), std::string(error.name),
                               std::string(name_of(error.what)), std::string(backend)},
                              true);
  entry->second = entry->second && passed;
}

}  // namespace weft::testing
