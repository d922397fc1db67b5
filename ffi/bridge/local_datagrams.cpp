#include "local_datagrams.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/unix_datagram.hpp>

#include "codes.hpp"
#include "poller.hpp"
#include "service.hpp"

/// A datagram socket without a peer counts as writable however full the receiver is. Only one that
/// is connected to the receiver learns when there is room, so a socket with datagrams that wait has
/// such a one beside it, for the receiver of the first, whose events are served as its own.
namespace weft::dart {

namespace sys = weft::detail::sys;

namespace {

result<unix_datagram> open_bound(const listen_at_name& where) noexcept {
  if (where.name.is_unnamed()) {
    return unix_datagram::unbound();
  }
  // Nothing here may wait: an isolate's thread is calling.
  const unix_options how{.backlog = 0, .mode = where.mode, .patience = {}};
  auto made = unix_datagram::bind(where.name, how);
  if (!made && made.error() == std::errc::address_in_use) {
    // It may be that of an isolate that is no more.
    sweep_dead_ports();
    made = unix_datagram::bind(where.name, how);
  }
  return made;
}

bool begin_watching(socket_slot& slot, const native_address& receiver) noexcept {
  slot.room = sys::socket(AF_UNIX, SOCK_DGRAM, 0);
  return slot.room >= 0 &&
         sys::connect(slot.room, reinterpret_cast<const sockaddr*>(receiver.storage.data()),
                      receiver.size) == 0 &&
         slot.watcher->watch(slot.room, slot);
}

}  // namespace

std::int64_t start_bind(port owner, std::int64_t id, const listen_at_name& where) noexcept {
  auto made = open_bound(where);
  if (!made) {
    return why_not_bound(made.error());
  }
  std::unique_ptr<weft::detail::bound_path> file;
  if (where.name.is_path()) {
    file.reset(new (std::nothrow) weft::detail::bound_path(where.name));
    if (!file) {
      return code::out_of_memory;
    }
  }
  return begin(owner, id, made->release(), stage::datagrams, std::move(file), locality::local);
}

native_address native(const unix_endpoint& name) noexcept {
  const native_unix_endpoint whole(name);
  native_address made;
  made.size = whole.size();
  std::memcpy(made.storage.data(), whole.data(), made.size);
  return made;
}

void write_local_head(const native_address& from, std::byte* head) noexcept {
  std::memset(head, 0, local_datagram_head);
  native_unix_endpoint name;
  std::memcpy(name.data(), from.storage.data(), native_unix_endpoint::capacity());
  name.resize(from.size);
  const auto sender = name.to_endpoint();
  if (!sender || sender->is_unnamed()) {
    return;
  }
  std::array<char, unix_endpoint::text_capacity> room;
  const std::string_view text = sender->format_to(room);
  static_assert(unix_endpoint::text_capacity < local_datagram_head);
  std::memcpy(head, text.data(), text.size());
  head[local_datagram_head - 1] = static_cast<std::byte>(text.size());
}

bool await_room(socket_slot& slot) noexcept {
  if (sys::poll(slot.fd, POLLOUT, clock::now()) == 0) {
    return true;  // it has too much on its way itself, and will hear when that is less
  }
  if (slot.room >= 0) {
    // Whoever took the room was faster: have it reported again.
    return slot.watcher->watch_again(slot.room, slot);
  }
  const auto& first = static_cast<write_request&>(slot.waiting_out.front());
  if (begin_watching(slot, first.to)) {
    return true;
  }
  forget_room(slot);
  return false;
}

void forget_room(socket_slot& slot) noexcept {
  if (slot.room >= 0) {
    sys::close(std::exchange(slot.room, -1));
  }
}

}  // namespace weft::dart
