#pragma once

#include <weft/runtime/cancel.hpp>

namespace weft::detail {

/// What the scheduler may do to the public scopes.
class scope_access {
 public:
  /// Ends the scope because its deadline has passed.
  static void expire(timeout_scope& scope) noexcept;

  /// Of one whose type is timeout; under its lock, or by its owner.
  static time_point deadline_of(const scope& timed) noexcept {
    return static_cast<const timeout_scope&>(timed).deadline();
  }

  /// How it ends when its deadline passes. Of one whose type is timeout; likewise.
  static scope_end end_of(const scope& timed) noexcept;

  /// Of the scopes that the calling fiber or thread has entered, shielded ones left out, the open
  /// one that ends first. Null when none has a deadline.
  static timeout_scope* nearest_deadline(const parker& caller) noexcept;
};

}  // namespace weft::detail
