#pragma once

#include <stop_token>

#include <weft/runtime/cancel.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/task_group.hpp>

namespace weft {

/// A std::stop_token of which a stop is requested when a scope around its maker is cancelled or
/// runs out of time: how code that is written for std::jthread and its like learns that a fiber
/// wants no more of it. The other direction is cancel_on_stop.
///
///     weft::stop_on_cancel region;
///     weft::blocking([stop = region.token()] { compress(file, stop); });
///
/// Leaving the region requests no stop.
///
/// Threads: made by a fiber, on whose stack it lives; the token goes wherever one likes. The
///   callbacks of the token are called by another fiber, or by who makes them late.
/// Lifetime: leaving it waits for callbacks that are just being called. The token may outlive it.
/// Cost: a fiber that waits, and what std::stop_source allocates; throws std::bad_alloc.
class stop_on_cancel {
 public:
  stop_on_cancel() {
    group_.spawn({.name = "stop_on_cancel"}, [this] {
      if (!left_.wait()) {
        source_.request_stop();
      }
    });
  }
  stop_on_cancel(const stop_on_cancel&) = delete;
  stop_on_cancel& operator=(const stop_on_cancel&) = delete;
  ~stop_on_cancel() {
    left_.set();
    const shield farewell;
    (void)group_.wait();
  }

  std::stop_token token() const noexcept { return source_.get_token(); }

 private:
  std::stop_source source_;
  event left_;
  task_group group_;
};

}  // namespace weft
