#pragma once

#include <cstddef>

#include "iocp_request.hpp"

/// How each operation is begun on Windows, and what has come of it. The request's `socket` is set.
namespace weft::io {

/// Whether the system can carry the operation out by itself, as a whole and such that a
/// cancellation tells for certain that it had no effect.
///
/// Sends are not among these: one that is cancelled does not tell how much of it has left. Nor are
/// receives of datagrams, which tell of too large a one by an error, in different ways depending on
/// when it came; nor those that want control data, a look at the data only, or a buffer when there
/// is something to put in. These are tried whenever the socket is ready for them.
bool can_be_started(const operation& op) noexcept;

/// The operation's result when a call was not begun, but has failed with minus this error number.
std::ptrdiff_t result_of_refusal(const operation& op, std::ptrdiff_t error) noexcept;

/// 0: it has completed, finish() tells with what; -EINPROGRESS: it is under way; else minus the
/// error number, and it was not begun.
int start(request& r) noexcept;

/// The same for the readiness that the operation waits for. `poller` is any socket; the readiness
/// is reported to its port.
int start_readiness(request& r, SOCKET poller) noexcept;

/// What has become of a request: the operation's result.
std::ptrdiff_t finish(request& r) noexcept;

}  // namespace weft::io
