#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/select.hpp>

namespace weft {

/// Ends a service in good order: no new work after the trigger, and what is in flight may finish.
///
///     auto work = shutdown.begin_work();          // for each request, until `work` goes
///     if (!work) return weft::fail(work.error());
///
///     auto signals = weft::signal_listener::open({SIGINT, SIGTERM});   // who looks after the
///     service if (!signals) return weft::fail(signals.error());
///     shutdown.wait_requested_or(signals->waiting(), "a signal asked for it");
///     listener.close();
///     if (!shutdown.wait_drained_for(std::chrono::seconds(10))) connections.cancel();
///
/// Suspends: wait_requested() until the trigger; wait_drained() until the trigger and until no work
///   is in flight after it.
/// Errors: `timed_out` after the call's own limit (zero or less is no wait); `timed_out` or
///   `operation_canceled` when a scope around the caller ends. What has come already
///   succeeds even then.
/// Threads: any fiber or thread may call anything. What was done before a piece of work ended is
///   seen by who has waited until it is drained.
/// Lifetime: outlives its work objects. May be destroyed by who has waited until it is drained, if
///   no one else waits, even while the last piece of work is just ending.
/// Cost: 64 bytes; begin_work() and its end are one atomic each; no allocation ever.
class WEFT_API graceful_shutdown {
 public:
  class work;

  graceful_shutdown() noexcept = default;
  graceful_shutdown(const graceful_shutdown&) = delete;
  graceful_shutdown& operator=(const graceful_shutdown&) = delete;

  /// Asks for the shutdown. Idempotent; the first reason, a string literal, is kept. Never
  /// suspends.
  void trigger(const char* reason = "graceful_shutdown::trigger() was called") noexcept;

  bool requested() const noexcept { return state_.load(std::memory_order_acquire) & triggered; }
  /// The trigger's; null before.
  const char* reason() const noexcept { return reason_.load(std::memory_order_acquire); }

  result<void> wait_requested() noexcept { return requested_.wait(); }
  result<void> wait_requested_for(duration limit) noexcept { return requested_.wait_for(limit); }
  result<void> wait_requested_until(time_point limit) noexcept {
    return requested_.wait_until(limit);
  }
  /// wait_requested() that the arm ends, too, whatever comes of it: that is the trigger then. For
  /// signals, a message from an operator, the end of a fiber that one cannot do without.
  template <select_arm A>
  result<void> wait_requested_or(A arm, const char* reason) {
    return select(on(requested_.waiting(), [] {}),
                  on(std::move(arm), [&](auto&&...) { trigger(reason); }));
  }

  /// One piece of work in flight, until the object goes. Fails with `shutting_down` after the
  /// trigger. Never suspends.
  result<work> begin_work() noexcept;

  /// How much work is in flight. A snapshot.
  std::size_t in_flight() const noexcept {
    return static_cast<std::size_t>(state_.load(std::memory_order_relaxed) / one);
  }

  result<void> wait_drained() noexcept { return drained_.wait(); }
  result<void> wait_drained_for(duration limit) noexcept { return drained_.wait_for(limit); }
  result<void> wait_drained_until(time_point limit) noexcept { return drained_.wait_until(limit); }

  /// For select(): a wait_requested() and a wait_drained().
  auto requesting() noexcept { return requested_.waiting(); }
  auto draining() noexcept { return drained_.waiting(); }

 private:
  static constexpr std::uint64_t triggered = 1;
  static constexpr std::uint64_t one = 2;

  void end_work() noexcept;

  detail::atomic<std::uint64_t> state_{0};
  detail::atomic<const char*> reason_{nullptr};
  event requested_;
  event drained_;
};

/// A piece of work in flight, which ends at the latest when this goes.
///
/// Threads: one owner at a time; may be moved to another fiber or thread.
class [[nodiscard]] graceful_shutdown::work {
 public:
  work() noexcept = default;
  work(work&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  work& operator=(work&& other) noexcept {
    if (this != &other) {
      end();
      of_ = std::exchange(other.of_, nullptr);
    }
    return *this;
  }
  ~work() { end(); }

  /// It is done now. Does nothing the second time.
  void end() noexcept {
    if (graceful_shutdown* const of = std::exchange(of_, nullptr)) {
      of->end_work();
    }
  }

 private:
  friend class graceful_shutdown;
  explicit work(graceful_shutdown& of) noexcept : of_(&of) {}

  graceful_shutdown* of_ = nullptr;
};

}  // namespace weft
