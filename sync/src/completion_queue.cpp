#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include <weft/runtime/detail/proxy_parker.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/sync/detail/completion_core.hpp>

namespace weft::detail {

/// Waits in the place of an entry. `core` and `entry` are written before the wait is opened, and
/// read by whoever has claimed it.
class entry_proxy : public proxy_parker {
 public:
  static entry_proxy* take();
  static void give_back(entry_proxy* proxy) noexcept;

  wait_token token;
  completion_core* core = nullptr;
  completion_entry* entry = nullptr;

 private:
  entry_proxy() noexcept
      : proxy_parker([](proxy_parker& self) noexcept {
          auto& proxy = static_cast<entry_proxy&>(self);
          proxy.core->make_ready(*proxy.entry);
        }) {}

  static spinlock free_lock;
  static entry_proxy* free_proxies;

  entry_proxy* next_free_ = nullptr;
};

constinit spinlock entry_proxy::free_lock;
constinit entry_proxy* entry_proxy::free_proxies = nullptr;

entry_proxy* entry_proxy::take() {
  {
    std::lock_guard hold(free_lock);
    if (entry_proxy* const proxy = free_proxies) {
      free_proxies = proxy->next_free_;
      return proxy;
    }
  }
  return new entry_proxy;
}

void entry_proxy::give_back(entry_proxy* proxy) noexcept {
  std::lock_guard hold(free_lock);
  proxy->next_free_ = free_proxies;
  free_proxies = proxy;
}

completion_core::~completion_core() {
  withdraw_all();
  // What is left has been claimed by someone who is about to make it ready.
  while (size_ != 0) {
    completion_entry* entry = pop_ready();
    for (int spins = 0; !entry; entry = pop_ready(), ++spins) {
      spins < 100 ? cpu_relax() : std::this_thread::yield();
    }
    if (entry->performed_ || entry->arm_.ops->withdraw(entry->arm_.arm)) {
      entry->discard();
    }
    forget(*entry);
    delete entry;
  }
}

void completion_core::add(completion_entry* entry) {
  entry->proxy_ = entry_proxy::take();
  entry->proxy_->core = this;
  entry->proxy_->entry = entry;
  entry->next_ = entries_;
  if (entries_) {
    entries_->previous_ = entry;
  }
  entries_ = entry;
  ++size_;
  outside_ += entry->arm_.ops->served_by_fibers ? 0 : 1;
  timed_ += entry->arm_.ops->due ? 1 : 0;
  if (start(*entry)) {
    make_ready(*entry);
  }
}

/// Lists the arm, or performs its operation and returns true.
bool completion_core::start(completion_entry& entry) noexcept {
  entry_proxy& proxy = *entry.proxy_;
  const arm_ref arm = entry.arm_;
  for (;;) {
    proxy.token = proxy.open();
    if (arm.ops->try_now(arm.arm)) {
      (void)claim_wait(proxy.token);
      entry.performed_ = true;
      return true;
    }
    switch (arm.ops->enlist(arm.arm, arm_ticket(proxy.token))) {
      case arm_step::waiting:
        return false;
      case arm_step::done:
        entry.performed_ = true;
        return true;
      case arm_step::lost:  // only a claim that came too late for the wait before can have won
      case arm_step::again:
        break;
    }
  }
}

void completion_core::make_ready(completion_entry& entry) noexcept {
  wait_token woken;
  {
    std::lock_guard hold(lock_);
    entry.next_ready_ = nullptr;
    (last_ready_ ? last_ready_->next_ready_ : first_ready_) = &entry;
    last_ready_ = &entry;
    // Claimed under the lock: an owner whose wait has ended otherwise takes the lock before it
    // leaves next(), and then it, and its runtime, may be gone.
    if (waiter_.who && claim_wait(waiter_)) {
      woken = waiter_;
    }
    waiter_ = {};
  }
  // The queue may be gone.
  if (woken.who) {
    resume(woken);
  }
}

completion_entry* completion_core::pop_ready() noexcept {
  std::lock_guard hold(lock_);
  completion_entry* const entry = first_ready_;
  if (entry) {
    first_ready_ = entry->next_ready_;
    if (!first_ready_) {
      last_ready_ = nullptr;
    }
  }
  return entry;
}

/// Whether the operation was performed. A thing that merely said to look may have spoken too soon:
/// then the arm is listed again.
bool completion_core::settle(completion_entry& entry) noexcept {
  const arm_ref arm = entry.arm_;
  return entry.performed_ || arm.ops->withdraw(arm.arm) || start(entry);
}

void completion_core::forget(completion_entry& entry) noexcept {
  (entry.previous_ ? entry.previous_->next_ : entries_) = entry.next_;
  if (entry.next_) {
    entry.next_->previous_ = entry.previous_;
  }
  --size_;
  outside_ -= entry.arm_.ops->served_by_fibers ? 0 : 1;
  timed_ -= entry.arm_.ops->due ? 1 : 0;
  entry_proxy::give_back(std::exchange(entry.proxy_, nullptr));
}

/// Has the arm that is due first look once more if its time has come. When the first is due;
/// time_point's least if it was ready.
time_point completion_core::look_at_due() noexcept {
  while (timed_ != 0) {
    completion_entry* first = nullptr;
    time_point earliest = forever;
    for (completion_entry* entry = entries_; entry; entry = entry->next_) {
      if (const time_point due = entry->arm_.due(); due < earliest) {
        first = entry;
        earliest = due;
      }
    }
    // Where the claim fails someone else is about to make it ready.
    if (earliest > clock::now() || !claim_wait(first->proxy_->token)) {
      return earliest;
    }
    if (settle(*first)) {
      make_ready(*first);
      return time_point::min();
    }
  }
  return forever;
}

result<completion_entry*> completion_core::next(time_point until, bool waits) noexcept {
  consume_budget();
  for (;;) {
    while (completion_entry* const entry = pop_ready()) {
      if (settle(*entry)) {
        forget(*entry);
        return entry;
      }
    }
    if (size_ == 0) {
      return fail(errc::end_of_stream);
    }
    const time_point due = look_at_due();
    if (due == time_point::min()) {
      continue;
    }
    if (!waits) {
      return fail(std::make_error_code(std::errc::operation_would_block));
    }
    if (until != forever && until <= clock::now()) {
      return fail(time_out_of_wait());
    }
    std::unique_lock hold(lock_);
    if (first_ready_) {
      continue;
    }
    const auto begun = begin_wait(cancelable::yes);
    if (!begun) {
      return fail(begun.error());
    }
    waiter_ = *begun;
    hold.unlock();
    const wake_reason reason =
        park(*begun, std::min(due, until), {"a completion_queue", outside_ == 0 ? this : nullptr});
    if (reason != wake_reason::ready) {
      hold.lock();
      waiter_ = {};
      if (reason == wake_reason::canceled || due > until) {
        return fail(error_of_wait(reason));
      }
    }
  }
}

void completion_core::withdraw_all() noexcept {
  for (completion_entry* entry = entries_; entry;) {
    completion_entry* const next = entry->next_;
    // Who claims first has the entry: if someone else has, its operation is being performed.
    if (claim_wait(entry->proxy_->token)) {
      entry->arm_.ops->withdraw(entry->arm_.arm);
      forget(*entry);
      delete entry;
    }
    entry = next;
  }
}

}  // namespace weft::detail
