#pragma once

/// A memory barrier on every processor that runs a thread of this process, by the system's help.
namespace weft::detail {

/// Whether the system has it and permits it. Cheap.
bool has_process_barrier() noexcept;

/// All that other threads of the process did before the barrier is seen after it, and what the
/// caller did before is seen by all that they do after, without a fence of theirs. Microseconds.
void process_barrier() noexcept;

}  // namespace weft::detail
