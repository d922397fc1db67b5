#pragma once

#include <doctest/doctest.h>

#include <dirent.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <weft/io/run.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>

/// What tests of I/O share: the backends to run on, a watchdog, and the proof that nothing is left.
namespace weft::test {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

/// Fewer rounds where each takes longer.
constexpr int rounds(int wanted) { return sanitized ? (wanted + 7) / 8 : wanted; }

/// Long enough for a fiber that was just started to have parked. Nothing depends on it but which
/// path is taken.
inline constexpr auto settle_time = 3ms;

template <class T>
std::error_code error_of(const result<T>& outcome) {
  return outcome ? std::error_code() : outcome.error();
}

/// Ends the program with a dump of its fibers instead of letting it hang.
class watchdog {
 public:
  explicit watchdog(std::chrono::seconds limit = sanitized ? 100s : 30s)
      : thread_([this, limit] { watch(limit); }) {}
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog() {
    {
      std::lock_guard hold(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  /// The runtime to dump; null before it is gone.
  void observe(runtime* running) {
    std::lock_guard hold(mutex_);
    running_ = running;
  }

 private:
  void watch(std::chrono::seconds limit) {
    std::unique_lock hold(mutex_);
    if (changed_.wait_for(hold, limit, [this] { return over_; })) {
      return;
    }
    std::fprintf(stderr, "watchdog: the test still runs after %d s\n",
                 static_cast<int>(limit.count()));
    if (running_) {
      running_->dump_fibers(stderr);
    }
    std::fflush(nullptr);
    std::abort();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  runtime* running_ = nullptr;
  std::thread thread_;
};

/// How many descriptors this process has open.
inline int open_descriptors() {
  int count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  REQUIRE(directory);
  while (::readdir(directory)) {
    ++count;
  }
  ::closedir(directory);
  return count - 3;  // "." and ".." and the directory itself
}

/// Where a test runs.
struct setting {
  std::string name;
  io::backend_kind backend = io::backend_kind::automatic;
  unsigned workers = 1;
  scheduling mode = scheduling::work_stealing;
};

/// The backends that work here; only the one that WEFT_BACKEND names, if it names one.
inline std::vector<io::backend_kind> backends_here() {
  if (const char* named = std::getenv("WEFT_BACKEND"); named && *named) {
    return {io::backend_named(named).value()};
  }
  std::vector<io::backend_kind> found;
  for (const auto kind : {io::backend_kind::io_uring, io::backend_kind::epoll}) {
    if (io::make_drivers(kind)) {
      found.push_back(kind);
    }
  }
  return found;
}

inline std::vector<setting> settings(std::initializer_list<unsigned> workers = {1, 2, 4}) {
  std::vector<setting> all;
  for (const auto backend : backends_here()) {
    for (const unsigned count : workers) {
      const std::string name =
          std::string(io::name_of(backend)) + ", " + std::to_string(count) + " workers";
      all.push_back({name, backend, count, scheduling::work_stealing});
      if (count > 1) {
        all.push_back({name + ", pinned", backend, count, scheduling::pinned});
      }
    }
  }
  return all;
}

/// Fibers other than the caller that still live, after a moment's patience for those that are just
/// ending.
inline bool no_fiber_is_left() {
  for (int i = 0; i < 200; ++i) {
    if (runtime::current()->statistics().live_fibers == 1) {
      return true;
    }
    (void)sleep_for(5ms);
  }
  return false;
}

/// Calls `f` as a fiber and checks that it leaves no fiber and no descriptor behind.
template <class F>
void run_in(const setting& where, F f) {
  watchdog dog;
  const int before = open_descriptors();
  weft::run(
      [&] {
        dog.observe(runtime::current());
        f();
        CHECK(no_fiber_is_left());
        dog.observe(nullptr);
      },
      {.workers = where.workers, .mode = where.mode, .backend = where.backend});
  CHECK(open_descriptors() == before);
}

/// The same in each setting, as subcases of the test case that calls it.
template <class F>
void run_everywhere(F f, std::initializer_list<unsigned> workers = {1, 2, 4}) {
  for (const setting& where : settings(workers)) {
    SUBCASE(where.name.c_str()) { run_in(where, f); }
  }
}

}  // namespace weft::test
