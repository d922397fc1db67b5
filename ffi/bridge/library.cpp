#include "library.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>

#include <weft/runtime/runtime.hpp>

#include "codes.hpp"
#include "poller.hpp"
#include "service.hpp"

/// `lifecycle` keeps init() and destroy() apart; `undertaker_mutex` guards one pointer against
/// finalizers, which may come at any time. A caller that saw is_running() under a slot's lock has
/// done with that slot before close_all() gets to it, and so before the pollers go.
namespace weft::dart::library {

namespace {

constexpr unsigned max_pollers = 4;

constinit std::mutex lifecycle;
constinit std::atomic<bool> running{false};
constinit std::array<poller*, max_pollers> pollers{};
constinit std::atomic<unsigned> poller_count{0};
constinit std::atomic<unsigned> turn{0};

constinit std::mutex undertaker_mutex;
constinit poller* undertaker = nullptr;

std::optional<weft::runtime>& workers() noexcept {
  // Never destroyed: threads of the VM may call until the process has ended.
  alignas(
      std::optional<weft::runtime>) static std::byte memory[sizeof(std::optional<weft::runtime>)];
  static auto* made = new (memory) std::optional<weft::runtime>;
  return *made;
}

/// While it lives, threads are started that take none of the process's signals: those are the VM's.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  sigset_t before_;
};

std::unique_ptr<driver> make_driver(unsigned index) {
  auto made = poller::make();
  if (!made) {
    throw std::system_error(made.error());
  }
  pollers[index] = made->get();
  return std::move(*made);
}

void appoint_undertaker(poller* who) noexcept {
  std::lock_guard hold(undertaker_mutex);
  undertaker = who;
}

void start() {
  const unsigned count = std::clamp(std::thread::hardware_concurrency() / 2, 1U, max_pollers);
  const signals_blocked blocked;
  workers().emplace(runtime_options{.workers = count, .background = true, .drivers = make_driver});
  poller_count.store(count, std::memory_order_relaxed);
  appoint_undertaker(pollers[0]);
}

}  // namespace

std::int64_t init(const void* api) noexcept {
  std::lock_guard hold(lifecycle);
  if (!load_api(api)) {
    return code::invalid_argument;
  }
  if (running.load()) {
    sweep_dead_ports();
    return code::ok;
  }
  try {
    start();
  } catch (...) {
    workers().reset();
    return code::out_of_memory;
  }
  bury_collected();
  running.store(true);
  return code::ok;
}

void destroy() noexcept {
  std::lock_guard hold(lifecycle);
  if (!running.exchange(false)) {
    return;
  }
  close_all();
  appoint_undertaker(nullptr);
  workers().reset();
  bury_collected();
}

bool is_running() noexcept {
  return running.load();
}

poller& next_poller() noexcept {
  const unsigned count = poller_count.load(std::memory_order_relaxed);
  return *pollers[turn.fetch_add(1, std::memory_order_relaxed) % count];
}

void wake_undertaker() noexcept {
  std::lock_guard hold(undertaker_mutex);
  if (undertaker) {
    undertaker->wake();
  }
}

}  // namespace weft::dart::library
