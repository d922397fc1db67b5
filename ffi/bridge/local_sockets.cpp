#include "local_sockets.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <system_error>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/unix_listener.hpp>

#include "codes.hpp"
#include "explaining.hpp"
#include "library.hpp"
#include "service.hpp"

namespace weft::dart {

namespace sys = weft::detail::sys;

namespace {

result<unix_listener> listen(const listen_at_name& where) noexcept {
  // Nothing here may wait: an isolate's thread is calling.
  const unix_options how{.backlog = where.backlog, .mode = where.mode, .patience = {}};
  auto made = unix_listener::listen(where.name, how);
  if (!made && made.error() == std::errc::address_in_use) {
    // It may be that of an isolate that is no more.
    sweep_dead_ports();
    made = unix_listener::listen(where.name, how);
  }
  return made;
}

}  // namespace

std::int64_t why_not_bound(std::error_code error) noexcept {
  const bool is_shortage = error == std::errc::too_many_files_open ||
                           error == std::errc::too_many_files_open_in_system ||
                           error == std::errc::not_enough_memory ||
                           error == std::errc::no_buffer_space;
  const int said =
      error.category() == std::system_category() || error.category() == std::generic_category()
          ? error.value()
          : 0;
  return code::explained(is_shortage ? code::out_of_memory : code::bind_failed, said);
}

std::int64_t start_connect(port owner, std::int64_t id, const unix_endpoint& where) noexcept {
  const int fd = sys::socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) {
    return code::explained(code::out_of_memory, fd);
  }
  // Never waits: it is there, or there is nobody, or the listener has too many that wait.
  native_unix_endpoint name(where);
  if (const int error = sys::connect(fd, name.data(), name.size()); error != 0) {
    sys::close(fd);
    if (!library::is_running()) {
      return code::not_initialized;
    }
    const std::int64_t why = code::explained(code::connect_failed, error);
    static_cast<void>(post(owner, id, told_to(owner, why)));
    return code::ok;
  }
  return begin(owner, id, fd, stage::connected);
}

std::int64_t start_listen(port owner, std::int64_t id, const listen_at_name& where) noexcept {
  auto made = listen(where);
  if (!made) {
    return why_not_bound(made.error());
  }
  std::unique_ptr<weft::detail::bound_path> file(new (std::nothrow)
                                                     weft::detail::bound_path(where.name));
  if (!file) {
    return code::out_of_memory;
  }
  return begin(owner, id, made->release(), stage::listening, std::move(file));
}

std::int64_t name_of(const socket_slot& slot, bool peers, std::byte* out) noexcept {
  native_unix_endpoint name;
  unsigned size = native_unix_endpoint::capacity();
  const int asked = peers ? sys::peer_name(slot.fd, name.data(), &size)
                          : sys::local_name(slot.fd, name.data(), &size);
  if (asked != 0 || name.data()->sa_family != AF_UNIX) {
    return code::option_failed;
  }
  name.resize(size);
  const auto endpoint = name.to_endpoint();
  if (!endpoint) {
    return code::option_failed;
  }
  if (endpoint->is_unnamed()) {
    return 0;
  }
  std::array<char, unix_endpoint::text_capacity> room;
  const std::string_view text = endpoint->format_to(room);
  std::memcpy(out, text.data(), text.size());
  return static_cast<std::int64_t>(text.size());
}

}  // namespace weft::dart
