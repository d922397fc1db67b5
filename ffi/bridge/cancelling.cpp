#include "codes.hpp"
#include "datagrams.hpp"
#include "service.hpp"

/// Requests that are taken back. What must not be half done, a write of which the system has a
/// part, is not: the peer could not tell where the next one begins.
namespace weft::dart {

bool cancel_request(socket_slot& slot, std::int64_t id) noexcept {
  if (request* asked = slot.waiting_in.find(id)) {
    slot.waiting_in.remove(*asked);
    plain_request::dispose(*asked);
    reply(slot, id, code::canceled);
    return true;
  }
  auto* write = static_cast<write_request*>(slot.waiting_out.find(id));
  if (!write || !write->is_untouched()) {
    return false;
  }
  drop_write(slot, *write);
  reply(slot, id, code::canceled);
  if (slot.at == stage::datagrams && !slot.orphaned) {
    // It may have been the one that the others waited behind.
    serve_sends(slot);
  }
  return true;
}

bool cancel_connect(port owner, std::int64_t id) noexcept {
  bool found = false;
  slots::for_each_tenant([&](socket_slot& slot) noexcept {
    if (slot.at == stage::connecting && slot.owner == owner && slot.connecting->id == id) {
      found = true;
      reply(slot, id, code::canceled);
      vacate(slot);
    }
  });
  return found;
}

}  // namespace weft::dart
