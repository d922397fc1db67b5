#include <weft/runtime/detail/holds.hpp>
#include <weft/sync/once_flag.hpp>

/// State: the lock, `running`, `done`. There is a queue only while someone runs; a failure hands
/// `running` to the first in it.
namespace weft {

namespace {

void note_runner(const once_flag& flag) noexcept {
  if (detail::lock_owners_are_noted()) {
    detail::note_hold(&flag, detail::hold_kind::exclusive);
  }
}

}  // namespace

result<bool> once_flag::start() noexcept {
  waiter self;
  const std::uint64_t state = word_.lock();
  if (state & done) {
    word_.unlock(state);
    return false;
  }
  if (!(state & running)) {
    runner_ = &detail::current_parker();
    word_.unlock(state | running);
    note_runner(*this);
    return true;
  }
  const bool runs_itself = runner_ == &detail::current_parker();
  word_.unlock(state);
  if (runs_itself) {
    return fail(errc::would_deadlock);
  }
  if (auto waited = detail::wait_in_queue(*this, self, detail::cancelable::yes, forever,
                                          "another's call_once()");
      !waited) {
    return fail(waited.error());
  }
  if (self.must_run) {
    note_runner(*this);
  }
  return self.must_run;
}

bool once_flag::enqueue(waiter& node) noexcept {
  const std::uint64_t state = word_.lock();
  if (state & running) {
    queue_.push_back(node);
    word_.unlock(state);
    return true;
  }
  const bool claimed = node.claim();
  node.must_run = claimed && !(state & done);
  if (node.must_run) {
    runner_ = node.token.who;
  }
  word_.unlock(node.must_run ? state | running : state);
  return false;
}

void once_flag::withdraw(waiter& node) noexcept {
  const std::uint64_t state = word_.lock();
  queue_.remove(node);
  word_.unlock(state);
}

void once_flag::finish(bool succeeded) noexcept {
  if (detail::lock_owners_are_noted()) {
    detail::forget_hold(this, detail::hold_kind::exclusive);
  }
  (void)word_.lock();
  detail::claimed_waiters woken;
  std::uint64_t next = succeeded ? done : 0;
  while (auto* const node = static_cast<waiter*>(queue_.pop_claimed())) {
    woken.add(*node);
    if (!succeeded) {
      node->must_run = true;
      runner_ = node->token.who;
      next = running;
      break;
    }
  }
  word_.unlock(next);
  woken.resume_all();
}

}  // namespace weft
