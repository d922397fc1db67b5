#pragma once

#include <weft/runtime/cancel.hpp>

namespace weft::detail {

/// What the scheduler may do to the public scopes.
class scope_access {
 public:
  /// Ends the scope because its deadline has passed.
  static void expire(timeout_scope& scope) noexcept;

  /// Of the scopes around a plain thread, whose deadlines no worker's timers serve, the one that
  /// ends first. Null when none has a deadline.
  static timeout_scope* nearest_deadline(const parker& thread) noexcept;
};

}  // namespace weft::detail
