#include "unix_socket.hpp"

#include <array>
#include <cerrno>
#include <new>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/native_unix_endpoint.hpp>

#include "control_data.hpp"
#include "socket.hpp"
#include "socket_option_names.hpp"

namespace weft {

void owned_handle::close() noexcept {
  if (native_ >= 0) {
    detail::sys::close(release());
  }
}

namespace detail {

result<std::pair<io::descriptor, io::descriptor>> open_pair(int type) noexcept {
  int ends[2] = {-1, -1};
  if (const int error = sys::socket_pair(type, ends); error < 0) {
    return fail(system_error_of(error));
  }
  owned_handle one(ends[0]);
  owned_handle two(ends[1]);
  try {
    auto first = io::descriptor::adopt_nonblocking(one.native_handle());
    one.release();
    auto second = io::descriptor::adopt_nonblocking(two.native_handle());
    two.release();
    return std::pair(std::move(first), std::move(second));
  } catch (const std::bad_alloc&) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

namespace {

using name_call = int (*)(int, sockaddr*, unsigned*) noexcept;

result<unix_endpoint> name_of(const io::descriptor& socket, name_call ask) noexcept {
  native_unix_endpoint name;
  unsigned size = native_unix_endpoint::capacity();
  const auto asked = do_on(socket, [&](int fd) noexcept { return ask(fd, name.data(), &size); });
  if (!asked) {
    return fail(asked.error());
  }
  name.resize(size);
  return name.to_endpoint();
}

}  // namespace

result<unix_endpoint> unix_local_endpoint_of(const io::descriptor& socket) noexcept {
  return name_of(socket, &sys::local_name);
}

result<unix_endpoint> unix_peer_endpoint_of(const io::descriptor& socket) noexcept {
  return name_of(socket, &sys::peer_name);
}

namespace {

constexpr std::size_t handles_control = CMSG_SPACE(sizeof(int) * unix_stream::most_handles);

/// Owns what came, puts into the room what fits, and closes the rest.
std::size_t keep_handles(std::span<const std::byte> came, std::span<owned_handle> room,
                         std::size_t used) noexcept {
  for (; came.size() >= sizeof(int); came = came.subspan(sizeof(int))) {
    owned_handle handle(value_in<int>(came.first(sizeof(int))));
    if (used < room.size()) {
      room[used] = std::move(handle);
    }
    ++used;
  }
  return used;
}

}  // namespace

result<std::size_t> pass_handles(const io::descriptor& socket, std::span<const std::byte> data,
                                 std::span<const int> handles) noexcept {
  if (handles.size() > unix_stream::most_handles) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  iovec part{.iov_base = const_cast<std::byte*>(data.data()), .iov_len = data.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  control_writer<handles_control> control;
  if (!handles.empty()) {
    control.put(SOL_SOCKET, SCM_RIGHTS, handles.data(), handles.size_bytes());
  }
  control.attach_to(message);
  return send_message(socket, message);
}

result<handles_received> take_handles(const io::descriptor& socket, std::span<std::byte> buffer,
                                      std::span<owned_handle> room) noexcept {
  iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
  alignas(cmsghdr) std::array<std::byte, handles_control> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  // Room for all that can come: what there is no place for is closed here, knowingly.
  message.msg_controllen = static_cast<decltype(message.msg_controllen)>(control.size());
  io::operation op{
      .code = io::opcode::receive_message, .flags = handles_close_on_exec, .data = &message};
  const auto size = socket.perform(op);
  if (!size) {
    return fail(size.error());
  }
  std::size_t came = 0;
  for_each_control(message, [&](int level, int type, std::span<const std::byte> data) {
    if (level == SOL_SOCKET && type == SCM_RIGHTS) {
      came = keep_handles(data, room, came);
    }
  });
  return handles_received{.size = *size,
                          .handles = came < room.size() ? came : room.size(),
                          .handles_lost = came > room.size() || (message.msg_flags & MSG_CTRUNC),
                          .truncated = (message.msg_flags & MSG_TRUNC) != 0};
}

}  // namespace detail

}  // namespace weft
