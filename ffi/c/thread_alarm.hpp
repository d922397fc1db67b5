#pragma once

#include <system_error>

#include <weft/io/descriptor.hpp>
#include <weft/io/operation.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/result.hpp>

#include "limits.hpp"

namespace weft::c {

/// Whether an operation in that direction need not wait, as far as the system tells.
result<bool> is_ready(const io::descriptor& socket, io::direction side) noexcept;

/// Blocks a plain thread until the socket is ready, `closers` fires, or the limits end the wait:
/// without a worker in between, in one poll() of the socket and of an alarm of the thread's own,
/// which whoever wants to end the wait rings.
result<void> wait_on_thread(const io::descriptor& socket, io::direction side, waker_list& closers,
                            const limits& how);

}  // namespace weft::c
