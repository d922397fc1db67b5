#pragma once

#include <stop_token>
#include <utility>

#include <weft/runtime/cancel.hpp>

namespace weft {

/// A cancel_scope that a std::stop_token cancels: how code that is written for std::jthread and its
/// like stops waits of weft.
///
///     std::jthread worker([](std::stop_token stop) {
///       weft::cancel_on_stop region(stop);
///       while (auto job = jobs.receive()) job->run();   // fails once stop is requested
///     });
///
/// A stop that was requested before cancels the scope at once. Leaving the scope does not request a
/// stop.
///
/// Threads: the stop may be requested by any; all else as for cancel_scope.
/// Lifetime: lives on the stack of the fiber or thread that enters it. Leaving it waits for a stop
///   that is just being passed on.
/// Cost: a cancel_scope and a std::stop_callback; no allocation.
class cancel_on_stop {
 public:
  /// `reason` is a string literal that why_canceled() shows to whoever was cancelled.
  explicit cancel_on_stop(std::stop_token token, const char* reason = "a stop was requested")
      : on_stop_(std::move(token), action{&scope_, reason}) {}
  cancel_on_stop(const cancel_on_stop&) = delete;
  cancel_on_stop& operator=(const cancel_on_stop&) = delete;

  /// As those of cancel_scope.
  void cancel(const char* reason = "cancel_on_stop::cancel() was called") noexcept {
    scope_.cancel(reason);
  }
  bool is_canceled() const noexcept { return scope_.is_canceled(); }

 private:
  struct action {
    cancel_scope* scope;
    const char* reason;
    void operator()() const noexcept { scope->cancel(reason); }
  };

  cancel_scope scope_;
  std::stop_callback<action> on_stop_;  // goes first
};

}  // namespace weft
