#include <algorithm>
#include <climits>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "arguments.hpp"
#include "datagrams.hpp"
#include "explaining.hpp"
#include "local_datagrams.hpp"
#include "local_sockets.hpp"
#include "read_buffers.hpp"
#include "weft_dart.h"

/// Where Dart comes in, by functions of our own.
namespace weft::dart {

namespace {

static_assert(WEFT_UDP_HEAD == datagram_head);
static_assert(WEFT_UNIX_HEAD == local_datagram_head);
static_assert(WEFT_ERR_CANCELED == code::canceled);

/// Longer texts are no names, and are refused by whoever reads them.
weft::result<unix_endpoint> endpoint_in(const std::uint8_t* name, std::int64_t size) noexcept {
  constexpr std::int64_t most = 4096;
  return unix_endpoint::parse(
      {reinterpret_cast<const char*>(name), static_cast<std::size_t>(std::min(size, most))});
}

std::int64_t check_name(const std::uint8_t* name, std::int64_t size) noexcept {
  return is_range(name, 0, size) ? code::ok : code::invalid_argument;
}

std::optional<std::uint32_t> mode_of(std::int64_t mode) noexcept {
  return mode < 0 ? std::nullopt : std::optional(static_cast<std::uint32_t>(mode));
}

bool is_mode(std::int64_t mode) noexcept {
  return mode <= 07777;
}

/// Does it with a socket for datagrams, of UDP or of Unix.
template <class F>
std::int64_t with_datagrams(std::int64_t handle, locality kind, F&& f) noexcept {
  return with(handle, stage::datagrams, [&](socket_slot& slot) noexcept -> std::int64_t {
    return slot.is_local == (kind == locality::local) ? f(slot) : code::invalid_handle;
  });
}

bool is_option(std::int64_t number) noexcept {
  return number >= WEFT_UDP_BROADCAST && number <= WEFT_UDP_MULTICAST_HOPS;
}

}  // namespace

}  // namespace weft::dart

using namespace weft::dart;

#pragma GCC visibility push(default)

extern "C" {

std::int64_t weft_dart_version() {
  return WEFT_DART_VERSION;
}

std::int64_t weft_explain(std::int64_t send_port) {
  if (const auto wrong = check_owner(send_port)) {
    return wrong;
  }
  return explain_to(send_port) ? code::ok : code::out_of_memory;
}

std::int64_t weft_error_text(std::int64_t error, std::uint8_t* out, std::int64_t size) {
  if (!is_range(out, 0, size) || error <= 0 || error > INT_MAX) {
    return code::invalid_argument;
  }
  try {
    const std::string text = std::system_category().message(static_cast<int>(error));
    const auto room = static_cast<std::size_t>(size);
    return static_cast<std::int64_t>(text.copy(reinterpret_cast<char*>(out), room));
  } catch (const std::bad_alloc&) {
    return code::out_of_memory;
  }
}

std::int64_t weft_write(std::int64_t id, std::int64_t handle, const std::uint8_t* data,
                        std::int64_t offset, std::int64_t count) {
  return write_to(id, handle, {data, offset, count}, at_once::returned);
}

std::int64_t weft_cancel(std::int64_t send_port, std::int64_t id, std::int64_t handle) {
  if (!library::is_running()) {
    return code::not_initialized;
  }
  if (handle == 0) {
    return cancel_connect(send_port, id) ? 1 : 0;
  }
  return with_any(handle,
                  [id](socket_slot& slot) noexcept { return cancel_request(slot, id) ? 1 : 0; });
}

std::int64_t weft_unix_connect(std::int64_t send_port, std::int64_t id, const std::uint8_t* name,
                               std::int64_t size) {
  if (const auto wrong = first_of(check_owner(send_port), check_name(name, size))) {
    return wrong;
  }
  const auto where = endpoint_in(name, size);
  return where ? told_to(send_port, start_connect(send_port, id, *where)) : code::invalid_address;
}

std::int64_t weft_unix_listen(std::int64_t send_port, std::int64_t id, const std::uint8_t* name,
                              std::int64_t size, std::int64_t backlog, std::int64_t mode) {
  if (const auto wrong = first_of(check_owner(send_port), check_name(name, size))) {
    return wrong;
  }
  if (!is_mode(mode)) {
    return code::invalid_argument;
  }
  const auto where = endpoint_in(name, size);
  if (!where) {
    return code::invalid_address;
  }
  listen_at_name wanted{.name = *where, .backlog = 0, .mode = mode_of(mode)};
  if (backlog > 0 && backlog <= INT_MAX) {
    wanted.backlog = static_cast<int>(backlog);
  }
  return told_to(send_port, start_listen(send_port, id, wanted));
}

std::int64_t weft_unix_name(std::int64_t handle, bool peers, std::uint8_t* out) {
  if (!out) {
    return code::invalid_argument;
  }
  return with_any(handle, [&](socket_slot& slot) noexcept {
    return name_of(slot, peers, reinterpret_cast<std::byte*>(out));
  });
}

std::int64_t weft_unix_bind(std::int64_t send_port, std::int64_t id, const std::uint8_t* name,
                            std::int64_t size, std::int64_t mode) {
  const bool is_unnamed = size == 0;
  if (const auto wrong =
          first_of(check_owner(send_port), is_unnamed ? code::ok : check_name(name, size))) {
    return wrong;
  }
  if (!is_mode(mode)) {
    return code::invalid_argument;
  }
  const auto where = is_unnamed ? weft::unix_endpoint() : endpoint_in(name, size);
  if (!where) {
    return code::invalid_address;
  }
  const listen_at_name wanted{.name = *where, .backlog = 0, .mode = mode_of(mode)};
  return told_to(send_port, start_bind(send_port, id, wanted));
}

std::int64_t weft_unix_send(std::int64_t id, std::int64_t handle, const std::uint8_t* data,
                            std::int64_t offset, std::int64_t count, const std::uint8_t* name,
                            std::int64_t size) {
  if (const auto wrong = first_of(check_data(data, offset, count, 0, longest_local_datagram),
                                  check_name(name, size))) {
    return wrong;
  }
  const auto where = endpoint_in(name, size);
  if (!where) {
    return code::invalid_address;
  }
  return with_datagrams(handle, locality::local, [&](socket_slot& slot) noexcept {
    return start_send(slot, id, bytes_at(data, offset, count), native(*where));
  });
}

std::int64_t weft_udp_bind(std::int64_t send_port, std::int64_t id, const std::uint8_t* address,
                           std::int64_t address_length, std::int64_t port, bool v6_only,
                           bool shared) {
  if (const auto wrong =
          first_of(check_owner(send_port), check_address(address, address_length, port))) {
    return wrong;
  }
  const bind_at where{.address = native(bytes_of(address, address_length), port),
                      .v6_only = v6_only,
                      .shared = shared};
  return told_to(send_port, start_bind(send_port, id, where));
}

std::int64_t weft_udp_receive(std::int64_t id, std::int64_t handle) {
  return with(handle, stage::datagrams,
              [id](socket_slot& slot) noexcept { return start_read(slot, id); });
}

std::int64_t weft_udp_send(std::int64_t id, std::int64_t handle, const std::uint8_t* data,
                           std::int64_t offset, std::int64_t count, const std::uint8_t* address,
                           std::int64_t address_length, std::int64_t port) {
  if (const auto wrong = first_of(check_data(data, offset, count, 0, longest_datagram),
                                  check_address(address, address_length, port))) {
    return wrong;
  }
  return with_datagrams(handle, locality::any, [&](socket_slot& slot) noexcept {
    return start_send(slot, id, bytes_at(data, offset, count),
                      native(bytes_of(address, address_length), port));
  });
}

std::int64_t weft_udp_close(std::int64_t id, std::int64_t handle) {
  return library::is_running() ? close_socket(id, handle, stage::datagrams) : code::not_initialized;
}

std::int64_t weft_udp_membership(std::int64_t handle, const std::uint8_t* group,
                                 std::int64_t group_length, std::int64_t interface_index,
                                 bool joins) {
  if (interface_index < 0 || interface_index > INT_MAX) {
    return code::invalid_argument;
  }
  if (const auto wrong = check_address(group, group_length)) {
    return wrong;
  }
  return with_datagrams(handle, locality::any, [&](socket_slot& slot) noexcept {
    return set_membership(slot, bytes_of(group, group_length), static_cast<int>(interface_index),
                          joins);
  });
}

std::int64_t weft_udp_option(std::int64_t handle, std::int64_t option) {
  if (!is_option(option)) {
    return code::invalid_argument;
  }
  return with_datagrams(handle, locality::any, [option](socket_slot& slot) noexcept {
    return option_of(slot, static_cast<udp_option>(option));
  });
}

std::int64_t weft_udp_set_option(std::int64_t handle, std::int64_t option, std::int64_t value) {
  if (!is_option(option) || value < 0 || value > 255) {
    return code::invalid_argument;
  }
  return with_datagrams(handle, locality::any, [&](socket_slot& slot) noexcept {
    return set_option(slot, static_cast<udp_option>(option), static_cast<int>(value));
  });
}

std::int64_t weft_count(std::int64_t of_what) {
  switch (of_what) {
    case WEFT_COUNT_SOCKETS:
      return count_all().sockets;
    case WEFT_COUNT_REQUESTS:
      return count_all().requests;
    case WEFT_COUNT_BUFFERS:
      return read_buffer::lent();
    case WEFT_COUNT_UNSENT:
      return count_all().unsent;
    default:
      return code::invalid_argument;
  }
}

}  // extern "C"

#pragma GCC visibility pop
