#pragma once

#include <system_error>

/// Where signals come from: what signal_hub asks of the operating system. One platform file
/// implements it.
///
/// Calls are serialised by the hub, but for those it receives: `hear` is called on a thread that
/// may lock and wake, once or more for each signal that has come since the last call; signals that
/// come faster than that are one.
namespace weft::detail::signal_source {

/// Signals are below this.
inline constexpr int limit = 128;

using hearer = void (*)(int signal) noexcept;

/// Begins to call `hear`, on a thread of the source's own.
std::error_code start(hearer hear) noexcept;

/// Begins to call `hear` on the calling worker when it polls, if it is the only one of its runtime;
/// false where it is not, or where the system's own way costs nothing. Then start() may still be
/// called, and stop() must be, by a fiber of that runtime.
///
/// As such a worker may be a long time computing, a signal that comes a quarter of a second after
/// one that is still unheard ends the process, if it did that before take().
bool start_on_worker(hearer hear) noexcept;

/// No call will come any more. Of those on the source's own thread none is under way.
void stop() noexcept;

/// From now on the signal does not do to the process what it did, but is heard. Between start() and
/// stop(). Fails with `invalid_argument` for one that cannot be caught.
std::error_code take(int signal) noexcept;
/// It does again what it did before take(), unless someone else has decided otherwise meanwhile.
void give_back(int signal) noexcept;

}  // namespace weft::detail::signal_source
