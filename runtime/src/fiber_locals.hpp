#pragma once

#include <vector>

#include "fiber.hpp"

namespace weft::detail {

/// The calling fiber's or thread's, made at first use.
fiber_extras& extras_here();

/// Destroys locals, newest key first.
void destroy_locals_slowly(std::vector<void*>& locals) noexcept;

/// What a fiber or thread does at its end; nothing for one that never had any.
inline void destroy_locals(fiber_extras* extras) noexcept {
  if (extras && !extras->locals.empty()) [[unlikely]] {
    destroy_locals_slowly(extras->locals);
  }
}

}  // namespace weft::detail
