#include <algorithm>
#include <mutex>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/scope.hpp>

#include "fatal.hpp"
#include "fiber.hpp"
#include "scope_access.hpp"
#include "thread_parker.hpp"
#include "wait_word.hpp"
#include "wake_list.hpp"
#include "worker.hpp"

namespace weft::detail {

namespace {

std::uint64_t caller_id() noexcept {
  worker* here = worker::current();
  return here && here->running() && !here->is_on_errand() ? here->running()->id.load() : 0;
}

}  // namespace

scope& root_of(parker& owner) noexcept {
  return owner.is_fiber() ? static_cast<fiber&>(owner).root
                          : static_cast<thread_parker&>(owner).root;
}

void scope::cancel(const char* reason) noexcept {
  end_as(status::canceled, {reason, caller_id()});
}

void scope::end_as(status how, const scope_end& end) noexcept {
  wake_list woken;
  {
    std::lock_guard hold(lock_);
    if (status_.load(std::memory_order_relaxed) != status::open) {
      return;
    }
    target_ = true;
    mark(how, end, woken);
  }
  woken.make_runnable();
}

bool scope::mark_alone(status how, const scope_end& end, wake_list& woken) noexcept {
  if (status_.load(std::memory_order_relaxed) != status::open) {
    return false;
  }
  end_ = end;
  // seq_cst, before the owner's wait is looked at: the other half is in begin_wait().
  status_.store(how, std::memory_order_seq_cst);
  if (owner_ && !inner_ && wait_word::claim_canceled(*owner_, false)) {
    woken.add(*owner_);
  }
  return true;
}

scope* scope::first_exposed(scope* from) noexcept {
  while (from && from->kind_ == kind::shield) {
    from = from->next_;
  }
  return from;
}

// By a loop: the tree may be deep, and the caller's stack small.
void scope::mark(status how, const scope_end& end, wake_list& woken) noexcept {
  scope* at = this;
  bool descends = mark_alone(how, end, woken);
  for (;;) {
    scope* next = descends ? first_exposed(at->first_child_) : nullptr;
    while (!next && at != this) {
      next = first_exposed(at->next_);
      scope* const above = at->parent_;  // its lock is held: both links stay
      at->lock_.unlock();
      at = above;
    }
    if (!next) {
      return;
    }
    next->lock_.lock();
    descends = next->mark_alone(how, end, woken);
    at = next;
  }
}

std::int64_t scope::expire_entered(std::int64_t now, wake_list& woken) noexcept {
  // The lock also keeps the inner scope alive: its owner needs it to leave.
  std::lock_guard hold(lock_);
  std::int64_t next = forever.time_since_epoch().count();
  if (kind_ == kind::timeout && status_.load(std::memory_order_relaxed) == status::open) {
    const std::int64_t deadline = scope_access::deadline_of(*this).time_since_epoch().count();
    if (deadline <= now) {
      target_ = true;
      mark(status::timed_out, scope_access::end_of(*this), woken);
    } else {
      next = deadline;
    }
  }
  return inner_ ? std::min(next, inner_->expire_entered(now, woken)) : next;
}

void scope::link_below(scope& parent) noexcept {
  parent_ = &parent;
  previous_ = nullptr;
  next_ = parent.first_child_;
  if (next_) {
    next_->previous_ = this;
  }
  parent.first_child_ = this;
  const status inherited = parent.status_.load(std::memory_order_relaxed);
  if (inherited != status::open && kind_ != kind::shield) {
    const std::lock_guard hold(lock_);  // of a group that was reopened, and may be cancelled by now
    if (status_.load(std::memory_order_relaxed) == status::open) {
      end_ = parent.end_;
      status_.store(inherited, std::memory_order_seq_cst);
    }
  }
}

void scope::attach(scope* parent) noexcept {
  if (parent) {
    std::lock_guard hold(parent->lock_);
    link_below(*parent);
  }
}

void scope::detach() noexcept {
  if (!parent_) {
    return;
  }
  std::lock_guard hold(parent_->lock_);
  if (first_child_) {
    fatal(
        "a scope was left, or a fiber ended, while a scope or task group made inside it lives on");
  }
  (previous_ ? previous_->next_ : parent_->first_child_) = next_;
  if (next_) {
    next_->previous_ = previous_;
  }
  if (parent_->inner_ == this) {
    parent_->inner_ = nullptr;
  }
  parent_ = nullptr;
}

void group_scope::reopen() noexcept {
  if (state() == status::open) {
    return;
  }
  scope* const above = parent();
  detach();
  {
    const std::lock_guard hold(lock());  // a group may be cancelled at any time
    scope::reopen();
  }
  attach(above);
}

void scope::remember(status how, const scope_end& end) noexcept {
  std::lock_guard hold(lock_);
  if (status_.load(std::memory_order_relaxed) == status::open) {
    end_ = end;
    remembered_ = how;
  }
}

scope::status scope::remembered(scope_end& end) const noexcept {
  std::lock_guard hold(lock_);
  end = end_;
  const status own = status_.load(std::memory_order_relaxed);
  return own == status::open ? remembered_ : own;
}

void scope::enter() noexcept {
  scope& parent = *owner_->current_scope;
  {
    std::lock_guard hold(parent.lock_);
    link_below(parent);
    parent.inner_ = this;
  }
  owner_->current_scope = this;
  if (kind_ == kind::shield) {
    ++owner_->shields;
  }
}

void scope::leave() noexcept {
  if (owner_->current_scope != this) {
    fatal("scopes must be left in the reverse order of entering, by the fiber that entered them");
  }
  if (kind_ == kind::shield) {
    --owner_->shields;
  }
  const status how = state();
  if (how != status::open && target_) [[unlikely]] {
    root_of(*owner_).remember(how, end_);
  }
  owner_->current_scope = parent_;
  detach();
}

}  // namespace weft::detail
