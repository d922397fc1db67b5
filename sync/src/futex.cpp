#include <array>
#include <mutex>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/sync/futex.hpp>

/// A fixed table of queues, by a hash of the word's address. The lock of a queue makes the waiter's
/// look at the word and its joining the queue one step for wakers: a waker that takes the lock
/// later finds the waiter; one that took it earlier has changed the word before, and the waiter
/// sees that.
namespace weft {

namespace {

struct waiter : detail::wait_node {
  const std::atomic<std::uint32_t>* word = nullptr;
};

struct alignas(detail::cache_line) bucket {
  detail::spinlock lock;
  detail::wait_queue queue;
};

/// Never destroyed: a detached thread may wait while the program ends.
union table {
  std::array<bucket, 256> buckets;

  constexpr table() noexcept : buckets() {}
  ~table() {}
};

constinit table all;

bucket& bucket_of(const std::atomic<std::uint32_t>& word) noexcept {
  // Multiplying spreads addresses that differ in few bits over the upper ones.
  const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&word));
  const std::uint64_t spread = address / alignof(std::uint32_t) * 0x9e3779b97f4a7c15U;
  return all.buckets[static_cast<std::size_t>(spread >> 56)];
}

std::uint32_t read(const std::atomic<std::uint32_t>& word) noexcept {
  // Acquire pairs with whatever release the caller's partner changes the word by.
  return static_cast<const detail::atomic<std::uint32_t>&>(word).load(std::memory_order_acquire);
}

}  // namespace

result<bool> futex_wait_until(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                              time_point deadline) noexcept {
  detail::consume_budget();
  if (read(word) != expected) {
    return false;
  }
  if (deadline != forever && deadline <= clock::now()) {
    return fail(detail::time_out_of_wait());
  }
  waiter self;
  self.word = &word;
  auto begun = detail::begin_wait(detail::cancelable::yes);
  if (!begun) {
    return fail(begun.error());
  }
  self.token = *begun;
  bucket& mine = bucket_of(word);
  std::unique_lock hold(mine.lock);
  if (read(word) != expected) {
    hold.unlock();
    detail::abandon_wait(self.token);
    return false;
  }
  mine.queue.push_back(self);
  hold.unlock();
  const detail::wake_reason reason = detail::park(self.token, deadline, {"a futex", &word});
  if (reason == detail::wake_reason::ready) {
    return true;
  }
  hold.lock();
  mine.queue.remove(self);
  hold.unlock();
  return fail(detail::error_of_wait(reason));
}

std::size_t futex_wake(const std::atomic<std::uint32_t>& word, std::size_t most) noexcept {
  bucket& where = bucket_of(word);
  detail::claimed_waiters woken;
  std::size_t count = 0;
  {
    std::lock_guard hold(where.lock);
    auto* node = static_cast<waiter*>(where.queue.front());
    while (node && count < most) {
      auto* const next = static_cast<waiter*>(where.queue.after(*node));
      if (node->word == &word) {
        where.queue.remove(*node);
        if (node->claim()) {
          woken.add(*node);
          ++count;
        }
      }
      node = next;
    }
  }
  woken.resume_all();
  return count;
}

}  // namespace weft
