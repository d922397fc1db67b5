#include <algorithm>
#include <new>
#include <thread>
#include <vector>

#include <weft/io/detail/syscalls.hpp>

#include "codes.hpp"
#include "explaining.hpp"
#include "library.hpp"
#include "local_datagrams.hpp"
#include "service.hpp"

/// How sockets end: closed by their owner, orphaned, collected, or with everything else.
namespace weft::dart {

namespace sys = weft::detail::sys;

namespace {

void go_on_accepting(std::int64_t listener) noexcept {
  socket_slot* slot = slots::of(listener);
  if (!slot) {
    return;
  }
  const held parent(*slot);
  if (parent->handle() == listener && parent->at == stage::listening) {
    --parent->unused;
    serve_accepts(*parent);
  }
}

void answer_and_drop(socket_slot& slot, request_queue& queue, std::int64_t result) noexcept {
  while (!queue.is_empty()) {
    request& over = queue.pop();
    reply(slot, over.id, result);
    plain_request::dispose(over);
  }
}

}  // namespace

held held::by_handle(std::int64_t handle) noexcept {
  socket_slot* slot = slots::of(handle);
  if (!slot) {
    return {};
  }
  held found(*slot);
  if (slot->handle() != handle || slot->at == stage::vacant || slot->at == stage::connecting) {
    return {};
  }
  if (slot->is_unused) [[unlikely]] {
    slot->is_unused = false;
    found.credited_ = slot->accepted_through;
  }
  return found;
}

held::~held() {
  if (!lock_.owns_lock()) {
    return;
  }
  port dead = no_port;
  if (slot_->orphaned) [[unlikely]] {
    dead = slot_->owner;
    retire(*slot_);
  }
  lock_.unlock();
  if (dead != no_port) [[unlikely]] {
    close_port(dead);
  }
  if (credited_ != 0) [[unlikely]] {
    go_on_accepting(credited_);
  }
}

std::unique_lock<std::mutex> lock_fresh(socket_slot& slot) noexcept {
  std::unique_lock hold(slot.lock, std::defer_lock);
  while (!hold.try_lock()) {
    std::this_thread::yield();
  }
  return hold;
}

void reply(socket_slot& slot, std::int64_t id, std::int64_t result) noexcept {
  if (!slot.orphaned && post(slot.owner, id, told_to(slot.owner, result)) == delivery::refused) {
    slot.orphaned = true;
  }
}

void vacate(socket_slot& slot) noexcept {
  if (slot.fd >= 0) {
    sys::close(slot.fd);
  }
  slot.fd = -1;
  slot.at = stage::vacant;
  slot.watched = watching::never;
  slot.orphaned = false;
  slot.is_unused = false;
  slot.idle_events = 0;
  slot.owner = no_port;
  slot.watcher = nullptr;
  slot.connecting.reset();
  slot.accepted_through = 0;
  slot.loop = no_port;
  slot.unused = 0;
  slot.file.reset();
  slot.is_local = false;
  forget_room(slot);
  slot.generation = slot.generation == ffi::last_generation ? 1 : slot.generation + 1;
  slots::give_back(slot);
}

void retire(socket_slot& slot) noexcept {
  // The peer hears of it first.
  sys::close(slot.fd);
  slot.fd = -1;
  const bool listening = slot.at == stage::listening;
  answer_and_drop(slot, slot.waiting_in, listening ? code::accept_failed : code::read_failed);
  while (!slot.waiting_out.is_empty()) {
    reply(slot, slot.waiting_out.front().id, code::write_failed);
    drop_write(slot);
  }
  if (slot.connecting) {
    reply(slot, slot.connecting->id, code::connect_failed);
  }
  if (slot.loop != no_port && !slot.orphaned) {
    // A loop whose port is gone needs no farewell.
    static_cast<void>(post_number(slot.loop, code::accept_failed));
  }
  vacate(slot);
}

std::int64_t close_socket(std::int64_t id, std::int64_t handle, stage kind) noexcept {
  port owner = no_port;
  {
    const held socket = held::by_handle(handle);
    if (!socket || socket->at != kind) {
      return code::invalid_handle;
    }
    owner = socket->owner;
    retire(*socket);
  }
  if (post(owner, id, code::ok) == delivery::refused) {
    close_port(owner);
  }
  return code::ok;
}

std::int64_t close_listener(std::int64_t id, std::int64_t handle,
                            accepted_connections accepted) noexcept {
  port owner = no_port;
  {
    const held listener = held::by_handle(handle);
    if (!listener || listener->at != stage::listening) {
      return code::invalid_handle;
    }
    owner = listener->owner;
    retire(*listener);
  }
  if (accepted == accepted_connections::close) {
    slots::for_each_tenant([&](socket_slot& slot) noexcept {
      if (slot.accepted_through == handle) {
        retire(slot);
      }
    });
  }
  if (post(owner, id, code::ok) == delivery::refused) {
    close_port(owner);
  }
  return code::ok;
}

void close_all() noexcept {
  slots::for_each_tenant([](socket_slot& slot) noexcept { retire(slot); });
}

census count_all() noexcept {
  census found;
  slots::for_each_tenant([&](const socket_slot& slot) noexcept {
    ++found.sockets;
    found.requests += static_cast<std::int64_t>(slot.waiting_in.size() + slot.waiting_out.size() +
                                                (slot.connecting ? 1U : 0U));
    found.unsent += static_cast<std::int64_t>(slot.queued);
  });
  return found;
}

void close_port(port dead) noexcept {
  forget_explaining(dead);
  slots::for_each_tenant([dead](socket_slot& slot) noexcept {
    if (slot.owner == dead) {
      slot.orphaned = true;
      retire(slot);
    }
  });
}

void sweep_dead_ports() noexcept {
  std::vector<port> owners;
  try {
    slots::for_each_tenant([&](socket_slot& slot) { owners.push_back(slot.owner); });
    append_explained(owners);
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch)
    // Those that were found are swept; the others when they refuse an answer.
  }
  std::ranges::sort(owners);
  const auto twice = std::ranges::unique(owners);
  owners.erase(twice.begin(), twice.end());
  for (const port owner : owners) {
    // A live isolate has no request -1 and ignores the answer to it.
    if (post(owner, -1, 0) == delivery::refused) {
      close_port(owner);
    }
  }
}

struct collected {
  std::int64_t handle;
  collected* next = nullptr;
};

namespace {

constinit std::mutex graveyard_mutex;
constinit collected* graveyard = nullptr;

}  // namespace

collected* expect_collection(std::int64_t handle) noexcept {
  return new (std::nothrow) collected{handle};
}

void forget_collection(collected* expected) noexcept {
  delete expected;
}

void finalize_socket(void*, void* peer) noexcept {
  auto* dead = static_cast<collected*>(peer);
  {
    std::lock_guard hold(graveyard_mutex);
    dead->next = graveyard;
    graveyard = dead;
  }
  library::wake_undertaker();
}

void bury_collected() noexcept {
  collected* next = nullptr;
  {
    std::lock_guard hold(graveyard_mutex);
    next = std::exchange(graveyard, nullptr);
  }
  while (next) {
    collected* dead = std::exchange(next, next->next);
    // By now closed, most likely, and the slot another's: then the handle names nothing.
    if (const held socket = held::by_handle(dead->handle)) {
      retire(*socket);
    }
    delete dead;
  }
}

}  // namespace weft::dart
