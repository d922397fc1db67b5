#pragma once

#include <tuple>
#include <utility>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/detail/wait_queue.hpp>

namespace weft::detail {

/// Waiting for a primitive as an arm of a select, by the hooks of arm_access. `Request` is what the
/// primitive's waiter is made from. Moving an arm makes a new node: only before it is used.
template <class Primitive, class... Request>
class primitive_arm {
  using access = arm_access<Primitive>;
  using waiter = typename access::waiter;

 public:
  static constexpr bool served_by_fibers = access::served_by_fibers();

  explicit primitive_arm(Primitive& primitive, Request... request) noexcept
      : primitive_(&primitive), request_(request...) {}
  primitive_arm(primitive_arm&& other) noexcept
      : primitive_(other.primitive_), request_(other.request_) {}

  bool try_now() noexcept { return access::try_now(*primitive_, node_); }

  arm_step enlist(arm_ticket ticket) noexcept {
    node_.token = ticket.token();
    node_.served = false;
    if (access::enqueue(*primitive_, node_)) {
      return arm_step::waiting;
    }
    return node_.served ? arm_step::done : arm_step::lost;
  }

  bool withdraw() noexcept {
    access::withdraw(*primitive_, node_);
    return node_.served;
  }

  auto outcome() { return access::outcome(*primitive_, node_); }

 private:
  Primitive* primitive_;
  [[no_unique_address]] std::tuple<Request...> request_;
  waiter node_ = std::make_from_tuple<waiter>(request_);
};

}  // namespace weft::detail
