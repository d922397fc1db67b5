#include <atomic>
#include <csignal>
#include <memory>

#include <weft/io/detail/signal_sink.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/detail/holds.hpp>

#include "signal_hub.hpp"

namespace weft::detail {

namespace {

signal_sink::signal_set interrupts() noexcept {
  signal_sink::signal_set set;
  for (const int signal : {SIGINT, SIGTERM}) {
    set.set(static_cast<std::size_t>(signal));
  }
  return set;
}

}  // namespace

struct interrupt_watch::state final : signal_sink {
  explicit state(cancel_scope& cancelled) noexcept
      : signal_sink(interrupts(), kind::last_resort), scope(cancelled) {}

  void hear(int) noexcept override {
    interrupted.store(true, std::memory_order_relaxed);
    scope.cancel("interrupted by a signal");
  }

  cancel_scope& scope;
  std::atomic<bool> interrupted{false};
};

interrupt_watch::interrupt_watch(cancel_scope& scope) : state_(nullptr) {
  auto made = std::make_unique<state>(scope);
  if (signal_hub::add(*made)) {
    state_ = made.release();
    count_interrupt_watches(1);
  }
}

interrupt_watch::~interrupt_watch() {
  if (state_) {
    count_interrupt_watches(-1);
    signal_hub::remove(*state_);
    delete state_;
  }
}

bool interrupt_watch::is_interrupted() const noexcept {
  return state_ && state_->interrupted.load(std::memory_order_relaxed);
}

}  // namespace weft::detail
