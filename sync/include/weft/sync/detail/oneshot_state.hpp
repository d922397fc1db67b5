#pragma once

#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>

/// What the two ends of a oneshot share: one allocation, freed by the end that goes last.
///
/// Everything is guarded by the lock. The value is here from a send() that no receiver was waiting
/// for until it is received; at most one value ever is. An end that goes says so under the lock,
/// and who finds that the other has gone before frees the state, after unlocking.
namespace weft::detail {

template <class T>
class oneshot_state {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "the value of a oneshot must not throw when it is moved");

 public:
  /// Of the receiver, for the value or the sender's end.
  struct value_waiter : wait_node {
    result<T> out{std::unexpect};
  };
  /// Of the sender, for the receiver's end.
  struct end_waiter : wait_node {};

  oneshot_state() noexcept {}
  oneshot_state(const oneshot_state&) = delete;
  oneshot_state& operator=(const oneshot_state&) = delete;
  ~oneshot_state() {
    if (is_full_) {
      std::destroy_at(&value_);
    }
  }

  /// False if the receiver does not want it any more.
  bool send(T& value) noexcept {
    std::unique_lock hold(lock_);
    if (refused_) {
      return false;
    }
    if (wait_node* const node = receivers_.pop_claimed()) {
      static_cast<value_waiter*>(node)->out.emplace(std::move(value));
      hold.unlock();
      resume(node->token);
      return true;
    }
    std::construct_at(&value_, std::move(value));
    is_full_ = true;
    return true;
  }

  /// The sender goes, having sent or not.
  void drop_sender() noexcept {
    claimed_waiters woken;
    bool last = false;
    {
      std::lock_guard hold(lock_);
      sender_gone_ = true;
      last = receiver_gone_;
      while (wait_node* const node = receivers_.pop_claimed()) {
        static_cast<value_waiter*>(node)->out = fail(errc::closed);
        woken.add(*node);
      }
    }
    woken.resume_all();
    if (last) {
      delete this;
    }
  }

  /// The receiver takes nothing that is not here yet; `for_good`: and goes.
  void refuse(bool for_good) noexcept {
    claimed_waiters woken;
    bool last = false;
    {
      std::lock_guard hold(lock_);
      refused_ = true;
      receiver_gone_ = for_good;
      last = for_good && sender_gone_;
      while (wait_node* const node = senders_.pop_claimed()) {
        woken.add(*node);
      }
    }
    woken.resume_all();
    if (last) {
      delete this;
    }
  }

  bool is_refused() noexcept {
    std::lock_guard hold(lock_);
    return refused_;
  }

  /// Takes the value or learns that there will be none; false if the receiver has to wait.
  bool try_now(value_waiter& node) noexcept {
    std::lock_guard hold(lock_);
    return is_ready() && take(node);
  }
  bool enqueue(value_waiter& node) noexcept {
    std::lock_guard hold(lock_);
    if (!is_ready()) {
      receivers_.push_back(node);
      return true;
    }
    if (node.claim()) {
      take(node);
    }
    return false;
  }
  void withdraw(value_waiter& node) noexcept {
    std::lock_guard hold(lock_);
    receivers_.remove(node);
  }

  bool try_now(end_waiter&) noexcept { return is_refused(); }
  bool enqueue(end_waiter& node) noexcept {
    std::lock_guard hold(lock_);
    if (!refused_) {
      senders_.push_back(node);
      return true;
    }
    (void)node.claim();
    return false;
  }
  void withdraw(end_waiter& node) noexcept {
    std::lock_guard hold(lock_);
    senders_.remove(node);
  }

 private:
  bool is_ready() const noexcept { return is_full_ || sender_gone_ || refused_; }

  bool take(value_waiter& node) noexcept {
    if (is_full_) {
      node.out.emplace(std::move(value_));
      std::destroy_at(&value_);
      is_full_ = false;
    } else {
      node.out = fail(errc::closed);
    }
    return true;
  }

  spinlock lock_;
  bool is_full_ = false;
  bool refused_ = false;
  bool sender_gone_ = false;
  bool receiver_gone_ = false;
  wait_queue receivers_;
  wait_queue senders_;
  union {
    T value_;  // NOLINT(readability-identifier-naming): the class's own
  };
};

}  // namespace weft::detail
