#include <algorithm>
#include <cstddef>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include <poll.h>
#include <pthread.h>

#include <weft/io/detail/syscalls.hpp>

#include "child_state.hpp"
#include "small_thread_posix.hpp"

/// Children whose process objects are gone. One thread sleeps until one of them has ended, takes
/// note of that, so that the system can forget it, and ends itself when none is left. A pipe tells
/// it of more.
///
/// Without the means, a thread or a descriptor, they are seen to when the next one comes.
namespace weft::io::detail {

namespace {

namespace sys = weft::detail::sys;

struct orphanage {
  std::mutex mutex;  // guards all below
  std::vector<sys::child> all;
  bool is_watched = false;
  int bell[2] = {-1, -1};

  static orphanage& instance() {
    static orphanage& one = *new orphanage;  // the thread may outlive main()
    return one;
  }
};

/// Whether it need not be watched any more.
bool has_gone(const sys::child& which) noexcept {
  sys::child_end unused{};
  if (sys::reap(which, unused) == 0) {
    return false;
  }
  sys::close(which.watch);
  return true;
}

/// What to wait for: the bell first. Empty: nobody is left, and the thread's time is over.
bool look_after(orphanage& home, std::vector<pollfd>& waits) {
  const std::lock_guard hold(home.mutex);
  std::erase_if(home.all, has_gone);
  if (home.all.empty()) {
    home.is_watched = false;
    sys::close(home.bell[0]);
    sys::close(home.bell[1]);
    return false;
  }
  waits.assign(1, {.fd = home.bell[0], .events = POLLIN, .revents = 0});
  for (const sys::child& one : home.all) {
    waits.push_back({.fd = one.watch, .events = POLLIN, .revents = 0});
  }
  return true;
}

void* watch(void*) {
  constexpr auto until_better_times = std::chrono::milliseconds(100);
  orphanage& home = orphanage::instance();
  std::vector<pollfd> waits;
  for (;;) {
    try {
      if (!look_after(home, waits)) {
        return nullptr;
      }
      if (sys::poll(waits, forever) < 0) {
        std::this_thread::sleep_for(until_better_times);
      } else if (waits[0].revents != 0) {
        sys::drain_pipe(waits[0].fd);
      }
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(until_better_times);
    }
  }
}

bool start_watching() noexcept {
  pthread_t thread;
  if (sys::start_small_thread(thread, &watch, nullptr) != 0) {
    return false;
  }
  ::pthread_detach(thread);
  return true;
}

/// Under the lock.
void see_to_it_that_all_are_watched(orphanage& home) noexcept {
  if (home.is_watched) {
    sys::signal_pipe(home.bell[1]);
  } else if (sys::wake_pipe(home.bell) == 0) {
    home.is_watched = start_watching();
    if (!home.is_watched) {
      sys::close(home.bell[0]);
      sys::close(home.bell[1]);
    }
  }
}

}  // namespace

void clear_away(const sys::child& dropped) noexcept {
  try {
    orphanage& home = orphanage::instance();
    const std::lock_guard hold(home.mutex);
    home.all.push_back(dropped);
    see_to_it_that_all_are_watched(home);
  } catch (const std::bad_alloc&) {
    sys::close(dropped.watch);  // it stays in the system's table while this program runs
  }
}

}  // namespace weft::io::detail
