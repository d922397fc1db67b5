#include "patrol.hpp"

#include "runtime_core.hpp"
#include "worker.hpp"

namespace weft::detail {

void patrol::start() {
  seen_.resize(core_.worker_count());
}

void patrol::tick(worker& self, std::int64_t now) noexcept {
  if (now < next_.load(std::memory_order_relaxed) ||
      busy_.exchange(true, std::memory_order_acquire)) {
    return;
  }
  // A little less than the period: the watch's sleep must not end just before the time.
  next_.store(now + period.count() * 9 / 10, std::memory_order_relaxed);
  for (unsigned i = 0; i < core_.worker_count(); ++i) {
    look_at(core_.worker_at(i), seen_[i], self);
  }
  busy_.store(false, std::memory_order_release);
}

void patrol::look_at(worker& peer, sighting& last, worker& self) noexcept {
  if (&peer == &self || !peer.is_in_loop() || core_.idle().is_idle(peer.index())) {
    last.awake = false;
    return;
  }
  const sighting now{.loops = peer.loops_.load(std::memory_order_relaxed),
                     .drains = peer.drains_.load(std::memory_order_relaxed),
                     .awake = true};
  if (last.awake && last.drains == now.drains) {
    help(peer, last.loops == now.loops, self);
  }
  last = now;
}

void patrol::help(worker& peer, bool stuck, worker& self) noexcept {
  if (stuck) {
    worker_counters::count(self.counters_.rescues);
    peer.driver_->assist();
    self.fire_timers(peer);
  }
  if (!self.stealing_) {
    return;
  }
  if (stuck) {
    if (fiber* f = peer.next_slot_.exchange(nullptr, std::memory_order_acq_rel)) {
      self.push_back(f);
    }
  }
  if (stuck || !self.has_local_work()) {
    self.take_from(peer);
  }
}

}  // namespace weft::detail
