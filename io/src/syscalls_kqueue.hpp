#pragma once

#include <span>

#include <weft/runtime/clock.hpp>

struct kevent;

/// The calls that only systems with kqueue have; see syscalls.hpp.
namespace weft::detail::sys {

int kqueue_create() noexcept;
/// Makes the changes, each of which then tells its own outcome: data is 0 or the error number.
/// Returns 0, or minus the error number of the call as a whole.
int kqueue_change(int queue, std::span<struct kevent> changes) noexcept;
/// Makes one change and does not ask what came of it. For signal handlers, too.
void kqueue_trigger(int queue, const struct kevent& change) noexcept;
/// Returns how many events there are; 0 when interrupted.
int kqueue_wait(int queue, std::span<struct kevent> events, time_point until) noexcept;

}  // namespace weft::detail::sys
