#pragma once

#include <cstdint>
#include <mutex>

namespace weft::io::detail {

class descriptor_state;

/// What descriptors are registered with: the part of a readiness backend that a moving descriptor
/// needs to know.
class poller {
 public:
  virtual void unwatch(descriptor_state& state) noexcept = 0;
  /// An operation waits on the descriptor. Pollers that report each readiness unasked have nothing
  /// to do.
  virtual void arm(descriptor_state&) noexcept {}
  /// The descriptor is about to be closed. Pollers that learn it from the system have nothing to
  /// do.
  virtual void forget(descriptor_state&) noexcept {}

 protected:
  ~poller() = default;
};

/// Where a poller lives, or used to live.
///
/// A descriptor remembers where it is registered, and may outlive that poller and its whole
/// runtime; the next poller may even get the same address. So descriptors do not point at pollers
/// but at homes, which are pooled and never freed, and remember the tenancy beside. `mutex` guards
/// the rest and is held while a tenant is called: one that moves out waits for that.
struct poller_home {
  /// A free home, or a new one. Throws std::bad_alloc.
  static poller_home& move_in(poller& tenant);
  void move_out() noexcept;

  /// Calls the tenant of that number, if it still lives here.
  void take_off(descriptor_state& state, std::uint64_t of_tenancy) noexcept {
    call(&poller::unwatch, state, of_tenancy);
  }
  void arm(descriptor_state& state, std::uint64_t of_tenancy) noexcept {
    call(&poller::arm, state, of_tenancy);
  }
  void forget(descriptor_state& state, std::uint64_t of_tenancy) noexcept {
    call(&poller::forget, state, of_tenancy);
  }

  std::mutex mutex;
  poller* tenant = nullptr;
  std::uint64_t tenancy = 0;  // counts the tenants; each may read its own without the mutex
  poller_home* next_free = nullptr;

 private:
  void call(void (poller::*what)(descriptor_state&) noexcept, descriptor_state& state,
            std::uint64_t of_tenancy) noexcept;
};

}  // namespace weft::io::detail
