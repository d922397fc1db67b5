#include "datagrams.hpp"
#include "library.hpp"
#include "limits.hpp"
#include "poller.hpp"
#include "service.hpp"

/// Between a socket and its poller.
namespace weft::dart {

void serve(socket_slot& slot, const poller& by) noexcept {
  const held socket(slot);
  if (slot.watcher != &by || slot.watched != watching::on) {
    return;  // the event was meant for one that was here before
  }
  switch (slot.at) {
    case stage::vacant:
      return;
    case stage::connecting:
      serve_connect(slot);
      return;
    case stage::listening:
      slot.watcher->suspect();
      serve_accepts(slot);
      return;
    case stage::connected:
    case stage::datagrams:
      if (slot.waiting_in.is_empty() && slot.waiting_out.is_empty()) {
        note_idle_event(slot);
        return;
      }
      slot.idle_events = 0;
      slot.at == stage::connected ? serve_writes(slot) : serve_sends(slot);
      if (!slot.orphaned) {
        serve_reads(slot);
      }
      return;
  }
}

bool await_events(socket_slot& slot) noexcept {
  bool watched = true;
  switch (slot.watched) {
    case watching::on:
      return true;
    case watching::off:
      watched = slot.watcher->watch_again(slot.fd, slot);
      break;
    case watching::never:
      slot.watcher = &library::next_poller();
      watched = slot.watcher->watch(slot.fd, slot);
      break;
  }
  if (watched) {
    slot.watched = watching::on;
    slot.idle_events = 0;
  }
  return watched;
}

void await_turn(socket_slot& slot) noexcept {
  // Changing what is watched needs no memory.
  static_cast<void>(slot.watcher->watch_again(slot.fd, slot));
}

void note_idle_event(socket_slot& slot) noexcept {
  slot.watcher->suspect();
  // One that is read from as soon as there is something gets an event now and then before its next
  // read; one that is read from seldom would wake its poller for each packet.
  if (++slot.idle_events >= limits::idle_events) {
    slot.watcher->unwatch(slot.fd, slot);
    slot.watched = watching::off;
  }
}

}  // namespace weft::dart
