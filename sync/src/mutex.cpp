#include <algorithm>
#include <cassert>
#include <chrono>
#include <mutex>
#include <utility>

#include <weft/sync/mutex.hpp>

/// How it works
///
/// word_: `held`, someone owns the mutex; `woken`, a waiter was taken off the queue and made
/// runnable, and competes with whoever comes by. While one does, unlock() wakes no other: so a
/// mutex under load stays with the fibers that run, and is not passed on to one that has yet to be
/// switched to. A waiter that has lost twice is handed the mutex instead.
///
/// - `held` is set by compare-and-swap by the new owner, or stays set when it is handed over.
/// - `woken` is set by unlock(), which has claimed one waiter for it, and cleared by that waiter,
/// when
///   it gets the mutex or joins the queue again. A waiter that gives up instead passes the bit on.
/// - crowded_ is set by who joins the queue, and cleared by an unlock() that finds no waiter, both
/// under
///   lock_. So it is set while there is a queue and while `woken` is.
///
/// unlock() reads crowded_ and then releases by a plain store: half the price of a
/// read-modify-write, and why this lock costs what a spinlock costs. A waiter may join the queue
/// between the two, and find the mutex held. So who joins an empty queue *polls*: it looks again
/// after 100 us, then ever less often. Whoever takes the mutex meanwhile sees crowded_ when
/// unlocking and wakes it before that. Who polls and gives up makes the next in the queue look in
/// its stead. So while there is a queue, one of these holds: the owner will see it; a waiter is on
/// its way to compete; a waiter polls.
///
/// A waiter that competed, lost and joins the queue again need not poll: the owner took the mutex
/// while `woken` was set, hence after crowded_ was, and nobody else can clear that.
///
/// The last access of an unlock() to the mutex is the one that lets the next owner in, or else it
/// has claimed a waiter, who is inside lock() and does not run before resume(). Hence the order in
/// unlock_slow(): lock_ is left before `held` is given up.
namespace weft {

namespace {

constexpr int losses_before_hand_over = 2;
constexpr duration first_poll = std::chrono::microseconds(100);
constexpr duration rarest_poll = std::chrono::seconds(1);

std::uint32_t own_mark() noexcept {
  return detail::owner_mark(detail::current_parker());
}

}  // namespace

struct mutex::waiter : detail::wait_node {
  int losses = 0;
  bool granted = false;   // woken as the owner
  bool polls = false;     // see above
  bool returns = false;   // has been in the queue before
  std::uint8_t mine = 0;  // `woken`, while that bit is this waiter's to clear
};

void mutex::note_owner() noexcept {
  owner_.store(own_mark(), std::memory_order_relaxed);
  detail::note_hold(this, detail::hold_kind::exclusive);
}

void mutex::forget_owner() noexcept {
  [[maybe_unused]] const std::uint32_t owner = owner_.load(std::memory_order_relaxed);
  assert((word_.load(std::memory_order_relaxed) & held) &&
         "unlock() of a mutex that is not locked");
  assert((owner == detail::no_owner || owner == own_mark()) &&
         "unlock() of a mutex by another fiber or thread than the one that locked it");
  owner_.store(detail::no_owner, std::memory_order_relaxed);
  detail::forget_hold(this, detail::hold_kind::exclusive);
}

/// Takes the mutex if it is free, and clears the bit `mine` with the same step.
bool mutex::acquire(std::uint8_t mine) noexcept {
  std::uint8_t seen = word_.load(std::memory_order_relaxed);
  while (!(seen & held)) {
    // Acquire pairs with the release in unlock() and unlock_slow().
    if (word_.compare_exchange_weak(seen, static_cast<std::uint8_t>((seen | held) & ~mine),
                                    std::memory_order_acquire, std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

bool mutex::take_slow() noexcept {
  if (!acquire(0)) {
    return false;
  }
  if (detail::lock_owners_are_noted()) {
    note_owner();
  }
  return true;
}

/// Spins for as long as that has paid lately: next to nothing where owners tend to suspend.
bool mutex::spin() noexcept {
  constexpr int most = 32;
  const int patience = patience_.load(std::memory_order_relaxed);
  const int limit = std::min(most, 2 * patience + 2);
  for (int round = 0; round < limit; ++round) {
    if (acquire(0)) {
      patience_.store(static_cast<std::uint8_t>(patience + (round - patience) / 4),
                      std::memory_order_relaxed);
      return true;
    }
    detail::cpu_relax();
  }
  patience_.store(static_cast<std::uint8_t>(patience - (patience + 3) / 4),
                  std::memory_order_relaxed);
  return false;
}

result<void> mutex::lock_slow(detail::cancelable can, time_point until, const char* what) noexcept {
  assert(
      (!detail::lock_owners_are_noted() || owner_.load(std::memory_order_relaxed) != own_mark()) &&
      "a mutex is locked again by its owner, who would wait for itself: use recursive_mutex");
  detail::consume_budget();
  if (!spin()) {
    if (auto waited = wait(can, until, what); !waited) {
      return waited;
    }
  }
  if (detail::lock_owners_are_noted()) {
    note_owner();
  }
  return {};
}

result<void> mutex::wait(detail::cancelable can, time_point until, const char* what) noexcept {
  waiter self;
  duration poll = first_poll;
  for (;;) {
    if (until != forever && until <= clock::now()) {
      leave(self);
      return fail(detail::time_out_of_wait());
    }
    auto begun = detail::begin_wait(can);
    if (!begun) {
      leave(self);
      return fail(begun.error());
    }
    self.token = *begun;
    if (!enqueue(self)) {
      detail::abandon_wait(self.token);
      return {};
    }
    time_point wake_up = until;
    detail::awaited thing(what, this);
    if (self.polls) {
      thing.polls = until == forever;
      wake_up = std::min(until, clock::now() + poll);
      poll = std::min(rarest_poll, poll * 4);
    }
    const detail::wake_reason reason = detail::park(self.token, wake_up, thing);
    if (self.granted) {
      return {};
    }
    withdraw(self);
    if (acquire(self.mine)) {
      return {};
    }
    self.losses += self.mine ? 1 : 0;
    if (reason == detail::wake_reason::canceled) {
      leave(self);
      return fail(detail::cancel_error());
    }
  }
}

/// Joins the queue, the first time at its end. False where the mutex is free: then the caller owns
/// it.
bool mutex::enqueue(waiter& self) noexcept {
  std::lock_guard hold(lock_);
  self.polls = !self.mine && (self.polls || queue_.empty());
  self.served = false;
  std::exchange(self.returns, true) ? queue_.push_front(self) : queue_.push_back(self);
  // Before the look at word_, so that few unlocks miss it: seq_cst, as that is.
  crowded_.store(true, std::memory_order_seq_cst);
  std::uint8_t seen = word_.load(std::memory_order_seq_cst);
  for (;;) {
    const bool free = !(seen & held);
    const int next = (seen | held) & ~self.mine;
    if (!free && next == seen) {
      return true;
    }
    if (word_.compare_exchange_weak(seen, static_cast<std::uint8_t>(next),
                                    std::memory_order_acquire, std::memory_order_relaxed)) {
      self.mine = 0;
      if (free) {
        queue_.remove(self);
      }
      return !free;
    }
  }
}

void mutex::withdraw(waiter& self) noexcept {
  if (self.served) {
    return;
  }
  std::lock_guard hold(lock_);
  queue_.remove(self);
}

/// Gives up: what this waiter was to do for the others falls to the next of them.
void mutex::leave(waiter& self) noexcept {
  if (!self.mine && !self.polls) {
    return;
  }
  std::unique_lock hold(lock_);
  auto* const next = static_cast<waiter*>(queue_.pop_claimed());
  if (!next) {
    word_.fetch_and(static_cast<std::uint8_t>(~self.mine), std::memory_order_relaxed);
    return;
  }
  next->mine = self.mine;
  next->polls = true;
  hold.unlock();
  detail::resume(next->token);
}

void mutex::unlock_slow() noexcept {
  std::uint8_t seen = word_.load(std::memory_order_relaxed);
  while (seen & woken) {
    // Release pairs with the acquire in take() and acquire().
    if (word_.compare_exchange_weak(seen, woken, std::memory_order_release,
                                    std::memory_order_relaxed)) {
      return;
    }
  }
  // Nobody else changes the word while it is `held` alone.
  std::unique_lock hold(lock_);
  auto* const next = static_cast<waiter*>(queue_.pop_claimed());
  if (!next) {
    crowded_.store(false, std::memory_order_relaxed);
    hold.unlock();
    word_.store(0, std::memory_order_release);
    return;
  }
  next->granted = next->losses >= losses_before_hand_over;
  if (!next->granted) {
    next->mine = woken;
    word_.store(woken, std::memory_order_release);
  }
  hold.unlock();
  detail::resume(next->token);
}

std::size_t mutex::waiters() const noexcept {
  std::lock_guard hold(lock_);
  return queue_.size();
}

}  // namespace weft
