#include <chrono>
#include <mutex>
#include <utility>

#include <explore/holds.hpp>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>

/// Bugs of the kinds that the explorer is for, planted in small copies of what the library does
/// right. Each must be caught, and its seed must show it again.
using weft::detail::atomic;
using weft::detail::begin_wait_uncancelable;
using weft::detail::park;
using weft::detail::resume;
using weft::detail::spinlock;
using weft::detail::unpark;
using weft::detail::wait_node;
using weft::detail::wait_queue;
using weft::detail::wait_token;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::is_caught;
using weft::explore::together;

namespace {

/// Waits in the queue, under `hold`, until someone claims the node.
void wait_in(wait_queue& queue, std::unique_lock<spinlock>& hold) {
  wait_node self;
  self.token = begin_wait_uncancelable();
  queue.push_back(self);
  hold.unlock();
  (void)park(self.token, weft::forever, "a planted bug");
}

/// Planted: looks at the flag, and begins to wait without looking again.
class forgetful_event {
 public:
  void set() {
    std::unique_lock hold(lock_);
    is_set_.store(true);
    wait_node* const first = queue_.pop_claimed();
    hold.unlock();
    if (first) {
      resume(first->token);
    }
  }
  void wait() {
    if (!is_set_.load()) {
      std::unique_lock hold(lock_);
      wait_in(queue_, hold);
    }
  }

 private:
  spinlock lock_;
  wait_queue queue_;
  atomic<bool> is_set_{false};
};

/// Planted: gives the mutex up before it is in the queue.
class hasty_condition {
 public:
  void wait(spinlock& guard) {
    guard.unlock();
    std::unique_lock hold(lock_);
    wait_in(queue_, hold);
    guard.lock();
  }
  void notify() {
    std::unique_lock hold(lock_);
    wait_node* const first = queue_.pop_claimed();
    hold.unlock();
    if (first) {
      resume(first->token);
    }
  }

 private:
  spinlock lock_;
  wait_queue queue_;
};

/// Planted: takes the waiter's token under the lock and ends its wait after it, when it may have
/// ended otherwise, and the waiter, too.
class late_event {
 public:
  void set() {
    std::unique_lock hold(lock_);
    is_set_ = true;
    const wait_token waiter = std::exchange(waiter_, {});
    hold.unlock();
    if (waiter.who) {
      unpark(waiter);
    }
  }
  void wait() {
    std::unique_lock hold(lock_);
    if (is_set_) {
      return;
    }
    waiter_ = begin_wait_uncancelable();
    const wait_token self = waiter_;
    hold.unlock();
    (void)park(self, weft::deadline_after(std::chrono::milliseconds(1)), "a planted bug");
    hold.lock();
    waiter_ = {};
  }

 private:
  spinlock lock_;
  wait_token waiter_;
  bool is_set_ = false;
};

}  // namespace

TEST_CASE("[row 148] caught: a wake-up lost between looking and waiting") {
  is_caught(
      [] {
        forgetful_event event;
        together({[&] { event.wait(); }, [&] { event.set(); }});
      },
      "deadlock: thread 1");
}

TEST_CASE("[row 148] caught: a mutex given up before the waiter is in the queue") {
  is_caught(
      [] {
        spinlock guard;
        hasty_condition changed;
        bool ready = false;
        together({[&] {
                    std::unique_lock hold(guard);
                    while (!ready) {
                      changed.wait(guard);
                    }
                  },
                  [&] {
                    {
                      std::lock_guard hold(guard);
                      ready = true;
                    }
                    changed.notify();
                  }});
      },
      "deadlock: thread 1");
}

TEST_CASE("[row 148] caught: one wait claimed by two") {
  is_caught(
      [] {
        atomic<bool> open{false};
        wait_token token;
        int winners = 0;
        const auto wake = [&] {
          // Planted: the claim is a look and a store.
          if (open.load()) {
            open.store(false);
            ++winners;
            weft::detail::unpark(token);
          }
        };
        together({[&] {
                    token = begin_wait_uncancelable();
                    open.store(true);
                    (void)park(token, weft::deadline_after(weft::duration(1)), "");
                  },
                  wake, wake});
        expect(winners <= 1, "one has woken it");
      },
      "one has woken it", {.one_runtime = true});
}

TEST_CASE("[row 148] caught: a waiter that is resumed and then touched") {
  is_caught(
      [] {
        struct cell {
          atomic<int> value{0};
          wait_token token;
        };
        auto* const shared = new cell;
        together({[=] {
                    shared->token = begin_wait_uncancelable();
                    shared->value.store(1);
                    (void)park(shared->token, weft::forever, "");
                    delete shared;
                  },
                  [=] {
                    while (shared->value.load() == 0) {
                      weft::detail::cpu_relax();
                    }
                    weft::detail::unpark(shared->token);
                    shared->value.store(2);  // planted: after the waiter may be gone
                  }});
      },
      "used after it was freed");
}

TEST_CASE("[row 148] caught: a cancellation that is looked for before the wait begins") {
  is_caught(
      [] {
        together({[] {
                    if (!weft::detail::cancel_error()) {
                      // Planted: a wait that nothing else can end.
                      (void)park(begin_wait_uncancelable(), weft::forever, "");
                    }
                  },
                  [] { cancel(1); }});
      },
      "deadlock: thread 1");
}

TEST_CASE("[row 148] caught: a wait that is looked at when the waiter may be gone") {
  is_caught(
      [] {
        late_event done;
        together({[&] { done.wait(); }, [&] { done.set(); }});
      },
      "has ended is looked at");
}
