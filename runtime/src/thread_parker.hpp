#pragma once

#include <atomic>
#include <cstdint>

#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/scope.hpp>
#include <weft/runtime/explain.hpp>

namespace weft::detail {

struct fiber_extras;

/// A plain thread as something that waits. Taken from a pool at the thread's first wait and given
/// back at its end; never freed, because a stale wait_token may point at it.
class thread_parker : public parker {
 public:
  thread_parker() noexcept : parker(false), root(*this) { current_scope = &root; }

  /// The calling thread's.
  static thread_parker& current() noexcept;

  /// Sleeps until the open wait is claimed or `until`.
  void sleep(wait_token token, time_point until) noexcept;
  void wake() noexcept;

  root_scope root;
  fiber_extras* extras = nullptr;  // the thread's error note
  thread_parker* next_free = nullptr;

 private:
  std::atomic<std::uint32_t> signals_{0};
};

}  // namespace weft::detail
