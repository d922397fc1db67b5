#pragma once

#include <cstdint>

namespace weft::dart {

class poller;

/// The runtime in the library, from tcp_init() to tcp_destroy().
namespace library {

/// Both as the tcp_* functions.
std::int64_t init(const void* api) noexcept;
void destroy() noexcept;

/// Whether sockets may be made. Once it says no, with a slot's lock held, that slot may not be
/// filled in: destroy() may have passed it already.
bool is_running() noexcept;

/// The pollers take sockets in turn. Called with the lock of a socket that is not vacant: so long
/// the pollers live.
poller& next_poller() noexcept;

/// Wakes a poller to call bury_collected(), if there is one. Any thread.
void wake_undertaker() noexcept;

}  // namespace library

}  // namespace weft::dart
