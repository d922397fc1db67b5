#pragma once

#include <cassert>
#include <cstddef>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/result.hpp>

/// Who waits for a primitive, in the order in which they came.
///
/// A waiter is a wait_node on the stack of whoever waits; nothing is allocated. The queue belongs
/// to the primitive and is guarded by the primitive's lock, as are `linked` and the links of each
/// node.
///
/// Invariants:
/// - A node is linked in one queue at most, and unlinked before the stack frame it is in returns.
/// - Who wants to serve a waiter unlinks its node and claims its token, both under the lock. One
/// claim
///   of a token succeeds, whatever competes: other primitives in a select, deadline, cancellation.
///   A node whose claim fails is dropped: its waiter has other business and only has to find out.
/// - Between claim and resume() the server alone may touch the node: it says there what the waiter
///   got. resume() comes after the lock is released, for it may take locks of the scheduler, and
///   the woken waiter may destroy the primitive.
/// - So nothing handed over is ever lost: who was claimed has received it, and who was not has not.
namespace weft::detail {

/// One wait in one queue.
struct wait_node {
  wait_token token = {};
  wait_node* next = nullptr;
  wait_node* previous = nullptr;
  bool linked = false;
  bool served = false;  ///< this node, of all that share the token, ended the wait

  wait_node() = default;
  wait_node(const wait_node&) = delete;
  wait_node& operator=(const wait_node&) = delete;
  ~wait_node() { assert(!linked && "a wait_node dies in its queue"); }

  /// Ends the wait for this node's sake; afterwards it must be resumed, unless by its own waiter.
  [[nodiscard]] bool claim() noexcept {
    if (!claim_wait(token)) {
      return false;
    }
    served = true;
    return true;
  }
};

/// First in, first out; a ring with its first node at hand, so one pointer.
class wait_queue {
 public:
  constexpr wait_queue() noexcept = default;
  wait_queue(const wait_queue&) = delete;
  wait_queue& operator=(const wait_queue&) = delete;
  ~wait_queue() { assert(empty() && "a primitive was destroyed while someone waited for it"); }

  bool empty() const noexcept { return !first_; }
  wait_node* front() const noexcept { return first_; }
  /// The node after `node`, or null after the last.
  wait_node* after(const wait_node& node) const noexcept {
    return node.next == first_ ? nullptr : node.next;
  }

  void push_back(wait_node& node) noexcept {
    assert(!node.linked);
    if (first_) {
      node.next = first_;
      node.previous = first_->previous;
      node.previous->next = &node;
      first_->previous = &node;
    } else {
      node.next = node.previous = first_ = &node;
    }
    node.linked = true;
  }

  void push_front(wait_node& node) noexcept {
    push_back(node);
    first_ = &node;
  }

  /// Unlinks the node if it is linked, which must be in this queue. True if it was.
  bool remove(wait_node& node) noexcept {
    if (!node.linked) {
      return false;
    }
    node.linked = false;
    if (node.next == &node) {
      first_ = nullptr;
      return true;
    }
    node.previous->next = node.next;
    node.next->previous = node.previous;
    if (first_ == &node) {
      first_ = node.next;
    }
    return true;
  }

  wait_node* pop_front() noexcept {
    wait_node* const node = first_;
    if (node) {
      remove(*node);
    }
    return node;
  }

  /// The first waiter whose wait this ends, unlinked and claimed, or null when there is none. Those
  /// before it, which have ended otherwise, are unlinked.
  wait_node* pop_claimed() noexcept {
    while (wait_node* const node = pop_front()) {
      if (node->claim()) {
        return node;
      }
    }
    return nullptr;
  }

  /// By walking it.
  std::size_t size() const noexcept {
    std::size_t count = 0;
    for (const wait_node* node = first_; node; node = after(*node)) {
      ++count;
    }
    return count;
  }

 private:
  wait_node* first_ = nullptr;
};

/// Waiters that were claimed under a lock, to be resumed after it.
class claimed_waiters {
 public:
  claimed_waiters() noexcept = default;
  claimed_waiters(const claimed_waiters&) = delete;
  claimed_waiters& operator=(const claimed_waiters&) = delete;
  ~claimed_waiters() { assert(!first_ && "a claimed waiter was not resumed"); }

  bool empty() const noexcept { return !first_; }

  void add(wait_node& claimed) noexcept {
    claimed.next = nullptr;
    (last_ ? last_->next : first_) = &claimed;
    last_ = &claimed;
  }

  /// In the order in which they were added. The nodes are gone afterwards.
  void resume_all() noexcept {
    while (wait_node* const node = first_) {
      first_ = node->next;
      resume(node->token);
    }
    last_ = nullptr;
  }

 private:
  wait_node* first_ = nullptr;
  wait_node* last_ = nullptr;
};

/// The hooks by which wait_in_queue() and select (primitive_arm.hpp) wait for a primitive, which
/// befriends this. It has, privately,
///
///   struct waiter : wait_node { ... };  // with room for what the primitive hands over
///   bool try_now(waiter&) noexcept;     // does it if it need not wait
///   bool enqueue(waiter&) noexcept;     // true: linked, the caller parks. False: not linked
///   void withdraw(waiter&) noexcept;    // unlinks the node if it is linked still
///   auto outcome(waiter&) noexcept;     // for select: what came of it, after it was done
///
/// enqueue() comes after begin_wait(), with the token in the node. When it finds, under the lock,
/// that there is no need to wait, it claims the token itself and takes what it came for: `served`
/// is true, and park() must not be called. Where that claim fails someone else has ended the wait:
/// `served` is false, and the caller parks to learn who. withdraw() is for a node that was not
/// served, or of which that is not known yet.
///
/// What the system makes ready says so, publicly: `static constexpr bool served_by_fibers = false`.
template <class Primitive>
struct arm_access {
  using waiter = typename Primitive::waiter;

  static constexpr bool served_by_fibers() noexcept {
    if constexpr (requires { Primitive::served_by_fibers; }) {
      return Primitive::served_by_fibers;
    }
    return true;
  }

  static bool try_now(Primitive& primitive, waiter& node) noexcept {
    return primitive.try_now(node);
  }
  static bool enqueue(Primitive& primitive, waiter& node) noexcept {
    return primitive.enqueue(node);
  }
  static void withdraw(Primitive& primitive, waiter& node) noexcept { primitive.withdraw(node); }
  static auto outcome(Primitive& primitive, waiter& node) { return primitive.outcome(node); }
};

/// What a wait that nobody served ended with.
inline std::error_code error_of_wait(wake_reason reason) noexcept {
  return reason == wake_reason::timed_out ? time_out_of_wait() : cancel_error();
}

/// Waits until the primitive serves the node. The primitive's own fast path comes before.
///
/// Errors: `timed_out` after `until`; for cancelable::yes also those of the scopes around the
/// caller.
template <class Primitive>
result<void> wait_in_queue(Primitive& primitive, typename arm_access<Primitive>::waiter& node,
                           cancelable can, time_point until, awaited what) noexcept {
  if (until != forever && until <= clock::now()) {
    return fail(time_out_of_wait());
  }
  auto begun = begin_wait(can);
  if (!begun) {
    return fail(begun.error());
  }
  node.token = *begun;
  node.served = false;
  if (!arm_access<Primitive>::enqueue(primitive, node) && node.served) {
    return {};
  }
  if (arm_access<Primitive>::served_by_fibers()) {
    what.object = &primitive;
  }
  const wake_reason reason = park(node.token, until, what);
  if (reason == wake_reason::ready) {
    return {};
  }
  arm_access<Primitive>::withdraw(primitive, node);
  return fail(error_of_wait(reason));
}

}  // namespace weft::detail
