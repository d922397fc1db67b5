#pragma once

#include <cstdint>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/scope.hpp>
#include <weft/runtime/explain.hpp>

namespace weft::detail {

struct fiber_extras;

/// A plain thread as something that waits. Taken from a pool at the thread's first wait and given
/// back at its end; never freed, because a stale wait_token may point at it.
class thread_parker : public parker {
 public:
  thread_parker() noexcept : parker(kind::thread), root(*this) { current_scope = &root; }

  /// The calling thread's.
  static thread_parker& current() noexcept;

  /// Sleeps until `until`, or until the open wait was claimed by someone else, who then calls
  /// wake().
  void sleep(wait_token token, time_point until) noexcept;
  /// Exactly once for each wait that someone but the thread itself has ended.
  void wake() noexcept;

  root_scope root;
  fiber_extras* extras = nullptr;  // the thread's error note
  thread_parker* next_free = nullptr;
  std::uint64_t number = 0;  // the thread's, in deadlock reports

 private:
  atomic<std::uint32_t> signals_{0};  // calls of wake()
  std::uint32_t absorbed_ = 0;        // those that sleep() has seen; the thread's own
};

}  // namespace weft::detail
