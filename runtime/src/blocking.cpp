#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include <weft/runtime/blocking.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>

#include "blocking_pool.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

namespace weft::detail {

namespace {

/// What goes to the pool for run_blocking(): the caller's job and the fiber to wake after it.
struct waited_job final : blocking_job {
  blocking_job& work;
  std::atomic<bool> done{false};
  spinlock lock;  // guards waiter against a caller that waits anew
  wait_token waiter;

  explicit waited_job(blocking_job& job) noexcept : work(job) {
    run = [](blocking_job& self) noexcept { static_cast<waited_job&>(self).perform(); };
  }

  void perform() noexcept {
    work.run(work);
    wait_token to_wake;
    {
      std::lock_guard hold(lock);
      to_wake = waiter;
      done.store(true, std::memory_order_relaxed);
    }
    // This object may be gone now, but a token is harmless when stale: a runtime goes only after
    // the threads of its pool.
    unpark(to_wake);
  }
};

}  // namespace

result<void> run_blocking(blocking_job& job) noexcept {
  worker* here = worker::current();
  if (!here || !here->running()) {
    job.run(job);
    return {};
  }
  blocking_pool& pool = here->core().blocking();
  waited_job sent(job);
  auto begun = begin_wait(cancelable::yes);
  if (!begun) {
    return fail(begun.error());
  }
  sent.waiter = *begun;
  if (auto submitted = pool.submit(sent); !submitted) {
    abandon_wait(*begun);
    return submitted;
  }
  if (park(*begun, forever, "a blocking call") == wake_reason::ready) {
    return {};
  }
  if (pool.withdraw(sent)) {
    return fail(cancel_error());
  }
  const wait_token again = begin_wait_uncancelable();
  std::unique_lock hold(sent.lock);
  if (sent.done.load(std::memory_order_relaxed)) {
    hold.unlock();
    abandon_wait(again);
    return {};
  }
  sent.waiter = again;
  hold.unlock();
  park(again, forever, "a blocking call that cannot be interrupted");
  return {};
}

namespace {

struct abandonable_job final : blocking_job {
  std::move_only_function<void() noexcept> work;

  explicit abandonable_job(std::move_only_function<void() noexcept> w) : work(std::move(w)) {
    run = [](blocking_job& self) noexcept {
      std::unique_ptr<abandonable_job> mine(&static_cast<abandonable_job&>(self));
      mine->work();
    };
    drop = [](blocking_job& self) noexcept { delete &static_cast<abandonable_job&>(self); };
  }
};

}  // namespace

result<void> run_abandonable(std::move_only_function<void() noexcept> work) noexcept {
  worker* here = worker::current();
  if (!here || !here->running()) {
    work();
    return {};
  }
  std::unique_ptr<abandonable_job> job(new (std::nothrow) abandonable_job(std::move(work)));
  if (!job) {
    return fail(make_error_code(std::errc::not_enough_memory));
  }
  if (auto submitted = here->core().blocking().submit(*job); !submitted) {
    return submitted;
  }
  (void)job.release();
  return {};
}

}  // namespace weft::detail
