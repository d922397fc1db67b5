#pragma once

#include <weft/runtime/result.hpp>

struct io_uring;

namespace weft::io {

/// Sets a worker's ring up, with COOP_TASKRUN where the kernel has it (5.19), but without
/// DEFER_TASKRUN: its completions are posted when its thread enters the kernel for anything, the
/// timer's tick included, so they come even while its worker computes, and another can reap them,
/// and yet an event never interrupts a thread that runs. docs/decisions/002-stuck-workers.md has
/// the figures.
///
/// Errors: the kernel's when it refuses the ring; function_not_supported when it lacks what weft
///   needs (Linux 5.11).
result<void> start_ring(io_uring& ring) noexcept;

}  // namespace weft::io
