#include <climits>

#include "arguments.hpp"
#include "explaining.hpp"
#include "tcp.h"

/// Where Dart comes in, by the functions of zig_tcp: arguments are checked here and nowhere below.
namespace weft::dart {

namespace {

/// Any address of the family.
native_address any_like(std::int64_t address_size, std::int64_t port_number) noexcept {
  static constexpr std::array<std::byte, ipv6_size> zeros{};
  return native(std::span(zeros).first(static_cast<std::size_t>(address_size)), port_number);
}

std::int64_t address_at(std::int64_t handle, whose_end end, std::uint8_t* out) noexcept {
  if (!out) {
    return code::invalid_argument;
  }
  return with_any(handle, [&](socket_slot& slot) noexcept {
    return address_of(slot, end, reinterpret_cast<std::byte*>(out));
  });
}

std::int64_t port_at(std::int64_t handle, whose_end end) noexcept {
  return with_any(handle, [end](socket_slot& slot) noexcept { return port_of(slot, end); });
}

std::int64_t flag_at(std::int64_t handle, flag which) noexcept {
  return with_any(handle, [which](socket_slot& slot) noexcept { return flag_of(slot, which); });
}

std::int64_t set_flag_at(std::int64_t handle, flag which, bool on) noexcept {
  return with_any(handle,
                  [which, on](socket_slot& slot) noexcept { return set_flag(slot, which, on); });
}

}  // namespace

}  // namespace weft::dart

using namespace weft::dart;

#pragma GCC visibility push(default)

extern "C" {

std::int64_t tcp_init(void* dart_api) {
  return library::init(dart_api);
}

void tcp_destroy() {
  library::destroy();
}

void tcp_attach_release(void* object, std::int64_t handle) {
  constexpr std::intptr_t kernel_memory = 4096;  // roughly what a socket costs outside the heap
  if (!object || !library::is_running()) {
    return;
  }
  {
    const held socket = held::by_handle(handle);
    if (!socket) {
      return;
    }
  }
  collected* expected = expect_collection(handle);
  if (expected && !attach(object, expected, kernel_memory, finalize_socket)) {
    forget_collection(expected);
  }
}

std::int64_t tcp_connect(std::int64_t send_port, std::int64_t id, const std::uint8_t* address,
                         std::int64_t address_length, std::int64_t port,
                         const std::uint8_t* source_address, std::int64_t source_length,
                         std::int64_t source_port) {
  const std::int64_t wrong = check_owner(send_port);
  if (wrong != code::ok || !is_port_number(source_port)) {
    return first_of(wrong, code::invalid_argument);
  }
  if (const auto misplaced = check_address(address, address_length, port)) {
    return misplaced;
  }
  if (source_address && source_length != address_length) {
    return code::invalid_address;
  }
  connect_to where{.peer = native(bytes_of(address, address_length), port), .source = {}};
  if (source_address) {
    where.source = native(bytes_of(source_address, source_length), source_port);
  } else if (source_port != 0) {
    where.source = any_like(address_length, source_port);
  }
  return told_to(send_port, start_connect(send_port, id, where));
}

std::int64_t tcp_read(std::int64_t id, std::int64_t handle) {
  return with(handle, stage::connected,
              [id](socket_slot& slot) noexcept { return start_read(slot, id); });
}

std::int64_t tcp_write(std::int64_t id, std::int64_t handle, const std::uint8_t* data,
                       std::int64_t offset, std::int64_t count) {
  return write_to(id, handle, {data, offset, count}, at_once::posted);
}

std::int64_t tcp_close_write(std::int64_t id, std::int64_t handle) {
  return with(handle, stage::connected,
              [id](socket_slot& slot) noexcept { return start_close_write(slot, id); });
}

std::int64_t tcp_close(std::int64_t id, std::int64_t handle) {
  return library::is_running() ? close_socket(id, handle, stage::connected) : code::not_initialized;
}

std::int64_t tcp_listen(std::int64_t send_port, std::int64_t id, const std::uint8_t* address,
                        std::int64_t address_length, std::int64_t port, bool v6_only,
                        std::int64_t backlog, bool shared) {
  if (const auto wrong =
          first_of(check_owner(send_port), check_address(address, address_length, port))) {
    return wrong;
  }
  // The system cuts what is more than its maximum.
  const int queue = backlog <= 0 || backlog > INT_MAX ? INT_MAX : static_cast<int>(backlog);
  const listen_at where{.address = native(bytes_of(address, address_length), port),
                        .v6_only = v6_only,
                        .backlog = queue,
                        .shared = shared};
  return told_to(send_port, start_listen(send_port, id, where));
}

std::int64_t tcp_accept(std::int64_t id, std::int64_t listener) {
  return with(listener, stage::listening,
              [id](socket_slot& slot) noexcept { return start_accept(slot, id); });
}

std::int64_t tcp_accept_loop(std::int64_t send_port, std::int64_t listener) {
  if (library::is_running() && send_port == no_port) {
    return code::invalid_argument;
  }
  return with(listener, stage::listening, [send_port](socket_slot& slot) noexcept {
    return start_accept_loop(slot, send_port);
  });
}

std::int64_t tcp_listener_close(std::int64_t id, std::int64_t listener, bool force) {
  return library::is_running() ? close_listener(id, listener, accepted_connections{force})
                               : code::not_initialized;
}

std::int64_t tcp_get_local_address(std::int64_t handle, std::uint8_t* out) {
  return address_at(handle, whose_end::ours, out);
}

std::int64_t tcp_get_remote_address(std::int64_t handle, std::uint8_t* out) {
  return address_at(handle, whose_end::peers, out);
}

std::int64_t tcp_get_local_port(std::int64_t handle) {
  return port_at(handle, whose_end::ours);
}

std::int64_t tcp_get_remote_port(std::int64_t handle) {
  return port_at(handle, whose_end::peers);
}

std::int64_t tcp_get_keep_alive(std::int64_t handle) {
  return flag_at(handle, flag::keep_alive);
}

std::int64_t tcp_set_keep_alive(std::int64_t handle, bool on) {
  return set_flag_at(handle, flag::keep_alive, on);
}

std::int64_t tcp_get_no_delay(std::int64_t handle) {
  return flag_at(handle, flag::no_delay);
}

std::int64_t tcp_set_no_delay(std::int64_t handle, bool on) {
  return set_flag_at(handle, flag::no_delay, on);
}

}  // extern "C"

#pragma GCC visibility pop
