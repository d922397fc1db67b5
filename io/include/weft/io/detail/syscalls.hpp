#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>

struct iovec;
struct msghdr;
struct pollfd;
struct sockaddr;

namespace weft::io {
struct file_options;
struct file_transfer;
}  // namespace weft::io

/// The one place that calls the system. Everything returns the call's value, or minus the error
/// number: no caller reads `errno`, whose address a fiber must not keep. Interrupted calls are
/// repeated here, so nobody else sees EINTR.
///
/// It is also the seam where tests make the system misbehave: an injector is asked before each call
/// and may have it fail, or move fewer bytes than asked for.
namespace weft::detail::sys {

enum class call : std::uint8_t {
  socket,
  bind,
  listen,
  accept,
  connect,
  shutdown,
  close,
  receive,
  send,
  receive_message,
  send_message,
  read,
  write,
  poll,
  get_option,
  set_option,
  local_name,
  peer_name,
  pipe,
  duplicate,
  splice,
  send_file,
  open_file,
  file_size,
  resize_file,
  sync_file,
  file_status,
  set_permissions,
  set_times,
  copy_range,
  rename,
  remove,
  make_directory,
  list_directory,
  link,
  resolve_path,
  lock_file,
  spawn,
  watch_child,
  wait_child,
  signal_child,
  epoll_create,
  epoll_control,
  epoll_wait,
  kqueue_create,
  kqueue_change,
  kqueue_wait,
  event_fd,
  wake_pipe,
  ring_setup,
  ring_register,
  ring_enter,
};

/// What an injector answers.
struct fault {
  int error = 0;                 ///< nonzero: the call fails with it and is not made
  std::size_t limit = SIZE_MAX;  ///< moves at most this many bytes
};

using injector = fault (*)(call which, int fd, std::size_t size) noexcept;

/// Installs an injector; null removes it. Returns the previous one. Any thread.
WEFT_API injector inject(injector asked_before_each_call) noexcept;

/// Asks the injector, if any. For calls that others make on our behalf, such as the ring's.
WEFT_API fault consult(call which, int fd, std::size_t size = 0) noexcept;

/// What a result below 0 is to users.
WEFT_API std::error_code error_of(std::ptrdiff_t result) noexcept;

// Sockets are non-blocking and closed by exec().
WEFT_API int socket(int family, int type, int protocol) noexcept;
WEFT_API int socket_pair(int type, int (&ends)[2]) noexcept;  // of Unix sockets
WEFT_API int bind(int fd, const sockaddr* address, unsigned size) noexcept;
WEFT_API int listen(int fd, int backlog) noexcept;
WEFT_API int accept(int fd, sockaddr* address, unsigned* size) noexcept;
WEFT_API int connect(int fd, const sockaddr* address, unsigned size) noexcept;
WEFT_API int shutdown(int fd, int how) noexcept;
WEFT_API int close(int fd) noexcept;
/// Another number for a socket, above those of the standard streams and closed by exec().
WEFT_API int duplicate_socket(int fd) noexcept;
// The transfers below receive in `size` what was really asked for: less, under an injector's limit.
WEFT_API std::ptrdiff_t receive(int fd, void* data, std::size_t& size, int flags) noexcept;
WEFT_API std::ptrdiff_t send(int fd, const void* data, std::size_t& size, int flags) noexcept;
// Of a message with one part and no control data, received with MSG_TRUNC, the header's flags tell
// only whether it was cut off; the result is its whole size where the system tells that.
WEFT_API std::ptrdiff_t receive_message(int fd, msghdr* message, int flags) noexcept;
WEFT_API std::ptrdiff_t send_message(int fd, const msghdr* message, int flags) noexcept;
/// A datagram; to null: to the peer that the socket is connected to.
WEFT_API std::ptrdiff_t send_to(int fd, std::span<const std::byte> data, const sockaddr* to,
                                unsigned to_size) noexcept;
WEFT_API std::ptrdiff_t read(int fd, void* data, std::size_t& size) noexcept;
WEFT_API std::ptrdiff_t write(int fd, const void* data, std::size_t& size) noexcept;
/// Waits until one descriptor is ready or `until`; 0: not ready.
WEFT_API int poll(int fd, short events, time_point until) noexcept;
/// Waits until one of several is ready; returns how many are.
WEFT_API int poll(std::span<pollfd> entries, time_point until) noexcept;
WEFT_API int get_option(int fd, int level, int name, void* value, unsigned* size) noexcept;
WEFT_API int set_option(int fd, int level, int name, const void* value, unsigned size) noexcept;
WEFT_API int local_name(int fd, sockaddr* address, unsigned* size) noexcept;
WEFT_API int peer_name(int fd, sockaddr* address, unsigned* size) noexcept;
/// A non-blocking, close-on-exec pipe: ends[0] to read from, ends[1] to write to. It holds `size`
/// bytes if the system grants that.
WEFT_API int pipe(int (&ends)[2], int size) noexcept;
/// A pipe of the same kind, to wake somebody with. signal_pipe() writes a byte, unless it is full,
/// and may be called by signal handlers; drain_pipe() reads all there are.
WEFT_API int wake_pipe(int (&ends)[2]) noexcept;
WEFT_API void signal_pipe(int write_end) noexcept;
WEFT_API void drain_pipe(int read_end) noexcept;
/// Moves bytes between a pipe and something else without copying them; does not wait.
WEFT_API std::ptrdiff_t splice(int from, int to, std::size_t size) noexcept;
/// Sends a part of a file to a socket, and advances the offset by as much.
WEFT_API std::ptrdiff_t send_file(int socket, int file, std::int64_t& offset,
                                  std::size_t size) noexcept;
/// Reads a part of a file.
WEFT_API std::ptrdiff_t read_at(int file, void* data, std::size_t size,
                                std::int64_t offset) noexcept;
/// What a file was opened for, and what it is.
struct file_modes {
  bool reads = false;
  bool writes = false;
  bool appends = false;
  bool in_memory = false;  ///< without a device behind it
  unsigned direct = 1;     ///< what transfers must be aligned to; above 1: past the cache
};
/// Opens what has positions to read from and write to; EISDIR and ESPIPE: it has none.
WEFT_API int open_file(const char* path, const io::file_options& options,
                       file_modes& modes) noexcept;
/// Sees to it that a handle that is open already is as those of open_file(): 0, or its errors.
WEFT_API int prepare_file(int file, file_modes& modes) noexcept;
// As many of the parts' bytes as the system likes to move, at least one; both wait for the device.
WEFT_API std::ptrdiff_t read_file(int file, const io::file_transfer& what,
                                  std::size_t& size) noexcept;
WEFT_API std::ptrdiff_t write_file(int file, const io::file_transfer& what,
                                   std::size_t& size) noexcept;
/// What of it can be read without waiting; EAGAIN: nothing, or that cannot be told.
WEFT_API std::ptrdiff_t try_read_file(int file, const io::file_transfer& what,
                                      std::size_t& size) noexcept;
WEFT_API int sync_file(int file) noexcept;
WEFT_API int sync_file_data(int file) noexcept;
WEFT_API std::int64_t file_size(int file) noexcept;
WEFT_API int resize_file(int file, std::int64_t size) noexcept;
/// Makes reads and writes fail with EAGAIN instead of blocking.
WEFT_API int set_nonblocking(int fd) noexcept;

}  // namespace weft::detail::sys
