#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/biased_lock.hpp>
#include <weft/sync/detail/channel_base.hpp>

/// The inside of channel<T>: a ring, two queues of waiters, one lock.
///
/// Invariants, under the lock, where "waits" means a node whose wait is still open:
/// - while a receiver waits, the ring is empty;
/// - while a sender waits, the ring is full (capacity 0: always both full and empty);
/// - a receiver and a sender do not both wait, but where they are arms of one select;
/// - once closed_, nobody waits, and nothing enters the ring.
///
/// A value moves exactly once, under the lock, after the claim that decides who gets it: from a
/// sender that runs into a waiting receiver's result; from the ring into the receiver that runs,
/// and then from the longest waiting sender into the slot that became free. A sender whose wait
/// ends otherwise still has its value, and a receiver's has got none.
///
/// A receiver is woken only for a value that it has been handed. While it drains the ring, senders
/// wake nobody: there is no one in the queue.
///
/// An arm of a select that finds a partner must end two waits, its own and the partner's, and
/// cannot take back either. It ends its own first. If the partner's is over by then, and the next
/// one's, it has lost nothing but the right to be found under its ticket, and starts over.
namespace weft::detail {

template <class T>
class channel_core : public channel_base {
  static_assert(std::is_object_v<T> && !std::is_const_v<T>, "a channel carries objects");
  static_assert(
      std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
      "a channel's values must not throw when they are moved: one could get lost half-way; "
      "send a std::unique_ptr to it instead");

 public:
  struct receiver : wait_node {
    result<T> out{std::unexpect};  ///< written by who claims the node
  };
  struct sender : wait_node {
    T* value = nullptr;     ///< moved from by who claims the node, if it takes the value
    bool accepted = false;  ///< it did; otherwise the channel was closed
  };

  explicit channel_core(std::size_t capacity)
      : channel_base(capacity), ring_(capacity ? std::make_unique<cell[]>(capacity) : nullptr) {}
  ~channel_core() { drop(size()); }
  channel_core(const channel_core&) = delete;
  channel_core& operator=(const channel_core&) = delete;

  result<void> send(const void* me, T& value, time_point until) noexcept {
    biased_hold hold(lock_, me);
    if (wait_node* const node = offer(value)) {
      hold.unlock();
      resume(node->token);
      return {};
    }
    if (closed()) [[unlikely]] {
      return fail(errc::closed);
    }
    if (size() < capacity_) {
      push(value);
      return {};
    }
    sender node;
    node.value = &value;
    if (auto waited = wait(hold, senders_, node, until, "channel send"); !waited) {
      return waited;
    }
    return end_of_send(node.accepted);
  }

  result<void> try_send(const void* me, T& value) noexcept {
    biased_hold hold(lock_, me);
    if (wait_node* const node = offer(value)) {
      hold.unlock();
      resume(node->token);
      return {};
    }
    if (closed()) {
      return fail(errc::closed);
    }
    if (size() < capacity_) {
      push(value);
      return {};
    }
    return fail(make_error_code(std::errc::operation_would_block));
  }

  result<T> receive(const void* me, time_point until) noexcept {
    biased_hold hold(lock_, me);
    if (size() != 0) {
      return take(hold);
    }
    if (wait_node* const node = senders_.pop_claimed()) {
      return take_from(hold, *node);
    }
    if (closed()) {
      return fail(errc::closed);
    }
    receiver node;
    if (auto waited = wait(hold, receivers_, node, until, "channel receive"); !waited) {
      return fail(waited.error());
    }
    return std::move(node.out);
  }

  result<T> try_receive(const void* me) noexcept {
    biased_hold hold(lock_, me);
    if (size() != 0) {
      return take(hold);
    }
    if (wait_node* const node = senders_.pop_claimed()) {
      return take_from(hold, *node);
    }
    return fail(closed() ? make_error_code(errc::closed)
                         : make_error_code(std::errc::operation_would_block));
  }

  arm_step enlist(receiver& node) noexcept {
    node.served = false;
    biased_hold hold(lock_);
    if (size() != 0 || closed()) {
      if (!claim_wait(node.token)) {
        return arm_step::lost;
      }
      fill(node, size() != 0 ? take(hold) : result<T>(fail(errc::closed)));
      return arm_step::done;
    }
    wait_node* partner = nullptr;
    const arm_step step = channel_base::enlist(receivers_, node, senders_, partner);
    if (partner) {
      fill(node, take_from(hold, *partner));
    }
    return step;
  }

  arm_step enlist(sender& node) noexcept {
    node.served = false;
    biased_hold hold(lock_);
    if (size() < capacity_ || closed()) {
      if (!claim_wait(node.token)) {
        return arm_step::lost;
      }
      if (!closed()) {
        accept(node);
      }
      return arm_step::done;
    }
    wait_node* partner = nullptr;
    const arm_step step = channel_base::enlist(senders_, node, receivers_, partner);
    if (partner) {
      static_cast<receiver*>(partner)->out.emplace(std::move(*node.value));
      node.accepted = true;
      hold.unlock();
      resume(partner->token);
    }
    return step;
  }

  bool withdraw(receiver& node) noexcept { return channel_base::withdraw(receivers_, node); }
  bool withdraw(sender& node) noexcept { return channel_base::withdraw(senders_, node); }

  /// False if it was closed already.
  bool close() noexcept {
    claimed_waiters woken;
    {
      biased_hold hold(lock_);
      if (closed()) {
        return false;
      }
      set_closed();
      while (wait_node* const node = receivers_.pop_claimed()) {
        static_cast<receiver*>(node)->out = fail(errc::closed);
        woken.add(*node);
      }
      while (wait_node* const node = senders_.pop_claimed()) {
        woken.add(*node);
      }
    }
    woken.resume_all();
    return true;
  }

  /// Destroys what is in the ring of a closed channel; not under the lock, for that is user's code.
  void discard() noexcept {
    std::size_t count = 0;
    {
      biased_hold hold(lock_);
      count = size();
      resize(0);
    }
    drop(count);
  }

  static result<void> end_of_send(bool accepted) noexcept {
    if (!accepted) {
      return fail(errc::closed);
    }
    return {};
  }

  /// Without assigning values, which may have no assignment.
  static void fill(receiver& node, result<T>&& from) noexcept {
    if (from) {
      node.out.emplace(std::move(*from));
    } else {
      node.out = fail(from.error());
    }
  }

 private:
  union cell {
    cell() noexcept {}
    ~cell() {}
    T value;
  };

  /// Hands the value to a waiting receiver, which is returned to be resumed.
  wait_node* offer(T& value) noexcept {
    wait_node* const node = receivers_.pop_claimed();
    if (node) {
      static_cast<receiver*>(node)->out.emplace(std::move(value));
    }
    return node;
  }

  result<T> take(biased_hold& hold) noexcept {
    T& front = ring_[head_].value;
    result<T> out(std::in_place, std::move(front));
    std::destroy_at(&front);
    head_ = head_ + 1 == capacity_ ? 0 : head_ + 1;
    resize(size() - 1);
    if (wait_node* const node = senders_.pop_claimed()) [[unlikely]] {
      accept(static_cast<sender&>(*node));
      hold.unlock();
      resume(node->token);
    }
    return out;
  }

  result<T> take_from(biased_hold& hold, wait_node& node) noexcept {
    auto& from = static_cast<sender&>(node);
    result<T> out(std::in_place, std::move(*from.value));
    from.accepted = true;
    hold.unlock();
    resume(node.token);
    return out;
  }

  void accept(sender& from) noexcept {
    push(*from.value);
    from.accepted = true;
  }

  void push(T& value) noexcept {
    std::construct_at(&ring_[tail_].value, std::move(value));
    tail_ = tail_ + 1 == capacity_ ? 0 : tail_ + 1;
    resize(size() + 1);
  }

  void drop(std::size_t count) noexcept {
    for (; count != 0; --count) {
      std::destroy_at(&ring_[head_].value);
      head_ = head_ + 1 == capacity_ ? 0 : head_ + 1;
    }
  }

  const std::unique_ptr<cell[]> ring_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

}  // namespace weft::detail
