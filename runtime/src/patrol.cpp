#include "patrol.hpp"

#include "runtime_core.hpp"
#include "worker.hpp"

namespace weft::detail {

patrol::patrol(runtime_core& core, worker& self)
    : core_(core), self_(self), seen_(core.worker_count()) {}

void patrol::begin() noexcept {
  quiet_ = 0;
  for (sighting& s : seen_) {
    s.awake = false;
  }
}

bool patrol::tick() noexcept {
  quiet_ = core_.idle().awake() > 1 ? 0 : quiet_ + 1;  // the caller counts as awake
  bool found = false;
  for (unsigned i = 0; i < core_.worker_count(); ++i) {
    worker& peer = core_.worker_at(i);
    sighting& last = seen_[i];
    if (&peer == &self_ || core_.idle().is_idle(i)) {
      last.awake = false;
      continue;
    }
    const sighting now{.loops = peer.loops_.load(std::memory_order_relaxed),
                       .drains = peer.drains_.load(std::memory_order_relaxed),
                       .awake = true};
    if (last.awake && last.drains == now.drains) {
      found |= help(peer, last.loops == now.loops);
    }
    last = now;
  }
  return found;
}

bool patrol::help(worker& peer, bool stuck) noexcept {
  if (stuck) {
    worker_counters::count(self_.counters_.rescues);
    peer.driver_->assist();
    self_.fire_timers(peer);
  }
  if (!core_.is_pinned()) {
    if (fiber* f = stuck ? peer.next_slot_.exchange(nullptr, std::memory_order_acq_rel) : nullptr) {
      self_.push_back(f);
    }
    if (self_.queue_.empty()) {
      self_.take_from(peer);
    }
  }
  return self_.has_local_work();
}

}  // namespace weft::detail
