#pragma once

#include "fiber.hpp"

namespace weft::detail {

/// The fiber's last act, still as a fiber: destroys its locals and, when no one will join it, its
/// outcome. Returns what finish_fiber() must know.
join_state prepare_finish(fiber& f) noexcept;

/// Publishes the fiber's end: its joiner may take the outcome and reap the block at once, so it may
/// not be touched afterwards. Runs on the dead fiber's stack, in no fiber; must not suspend.
void finish_fiber(fiber& f, join_state seen, worker& here) noexcept;

}  // namespace weft::detail
