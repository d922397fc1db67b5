#pragma once

#include <cstdint>
#include <ctime>

#include <weft/runtime/clock.hpp>

struct epoll_event;

/// The calls that only Linux has; see syscalls.hpp.
namespace weft::detail::sys {

int epoll_create() noexcept;
int epoll_add(int epoll, int fd, std::uint32_t events, void* data) noexcept;
/// The same for a descriptor that is there already; what it is ready for is reported again.
int epoll_rearm(int epoll, int fd, std::uint32_t events, void* data) noexcept;
int epoll_remove(int epoll, int fd) noexcept;
/// Returns 0 when interrupted.
int epoll_wait(int epoll, epoll_event* events, int count, time_point until) noexcept;

int event_fd() noexcept;
void signal_event(int event_fd) noexcept;

}  // namespace weft::detail::sys
