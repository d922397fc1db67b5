#pragma once

#include <utility>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/detail/worker_access.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/channel_core.hpp>

/// A channel's operations as arms of a select; see arm.hpp. Moving an arm makes a new node: it is
/// only done before the arm is used.
namespace weft::detail {

template <class T>
class receive_arm {
 public:
  static constexpr bool served_by_fibers = true;

  explicit receive_arm(channel_core<T>& from) noexcept : from_(&from) {}
  receive_arm(receive_arm&& other) noexcept : from_(other.from_) {}

  bool try_now() noexcept {
    result<T> got = from_->try_receive(worker_mark());
    if (!got && got.error() == std::errc::operation_would_block) {
      return false;
    }
    channel_core<T>::fill(node_, std::move(got));
    return true;
  }
  arm_step enlist(arm_ticket ticket) noexcept {
    node_.token = ticket.token();
    return from_->enlist(node_);
  }
  bool withdraw() noexcept { return from_->withdraw(node_); }
  result<T> outcome() noexcept { return std::move(node_.out); }

 private:
  channel_core<T>* from_;
  typename channel_core<T>::receiver node_;
};

template <class T>
class send_arm {
 public:
  static constexpr bool served_by_fibers = true;

  send_arm(channel_core<T>& to, T& value) noexcept : to_(&to) { node_.value = &value; }
  send_arm(send_arm&& other) noexcept : send_arm(*other.to_, *other.node_.value) {}

  bool try_now() noexcept {
    const result<void> sent = to_->try_send(worker_mark(), *node_.value);
    if (!sent && sent.error() == std::errc::operation_would_block) {
      return false;
    }
    node_.accepted = sent.has_value();
    return true;
  }
  arm_step enlist(arm_ticket ticket) noexcept {
    node_.token = ticket.token();
    return to_->enlist(node_);
  }
  bool withdraw() noexcept { return to_->withdraw(node_); }
  result<void> outcome() noexcept { return channel_core<T>::end_of_send(node_.accepted); }

  channel_core<T>& channel() const noexcept { return *to_; }

 private:
  channel_core<T>* to_;
  typename channel_core<T>::sender node_;
};

template <class T>
class send_copy_arm {
 public:
  static constexpr bool served_by_fibers = true;

  send_copy_arm(channel_core<T>& to, const T& value) : value_(value), arm_(to, value_) {}
  send_copy_arm(send_copy_arm&& other) noexcept
      : value_(std::move(other.value_)), arm_(other.arm_.channel(), value_) {}

  bool try_now() noexcept { return arm_.try_now(); }
  arm_step enlist(arm_ticket ticket) noexcept { return arm_.enlist(ticket); }
  bool withdraw() noexcept { return arm_.withdraw(); }
  result<void> outcome() noexcept { return arm_.outcome(); }

 private:
  T value_;
  send_arm<T> arm_;
};

}  // namespace weft::detail
