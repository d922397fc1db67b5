#pragma once

#include <system_error>

/// Where signals come from: what signal_hub asks of the operating system. One platform file
/// implements it.
///
/// Calls are serialised by the hub, but for the one it receives: `hear` is called on a thread of
/// the source's own, which may lock and wake, once or more for each signal that has come since the
/// last call; signals that come faster than that are one.
namespace weft::detail::signal_source {

/// Signals are below this.
inline constexpr int limit = 128;

using hearer = void (*)(int signal) noexcept;

/// Begins to call `hear`.
std::error_code start(hearer hear) noexcept;
/// Returns when no call is under way, and none will come.
void stop() noexcept;

/// From now on the signal does not do to the process what it did, but is heard. Between start() and
/// stop(). Fails with `invalid_argument` for one that cannot be caught.
std::error_code take(int signal) noexcept;
/// It does again what it did before take(), unless someone else has decided otherwise meanwhile.
void give_back(int signal) noexcept;

}  // namespace weft::detail::signal_source
