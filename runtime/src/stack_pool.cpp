#include "stack_pool.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <mutex>
#include <utility>

// Free stacks of a size form two chains: resident ones keep their upper pages, so that the next
// fiber finds them committed; there are at most keep_resident_ of them, and a few more when several
// threads release at once. All others are cold and keep no page. Pages are given back before a
// stack goes into a chain, and by trim() while it is out of its chain, so that lock_ is never held
// across a system call.

namespace weft::detail {

namespace {

constexpr std::size_t smallest_stack = std::size_t{16} * 1024;

}  // namespace

void stack_pool::chain::push(stack* s) noexcept {
  s->next = first;
  first = s;
  ++count;
}

stack* stack_pool::chain::pop() noexcept {
  stack* const s = first;
  if (s != nullptr) {
    first = s->next;
    --count;
  }
  return s;
}

stack_pool::stack_pool(const stack_pool_options& options) noexcept
    : keep_resident_(options.keep_resident), high_water_(options.high_water) {
  const std::size_t page = page_size();
  const std::size_t smallest = std::max(smallest_stack, 2 * page);
  slab_options slabs{.stride = (std::max(options.default_size, smallest) + page - 1) / page * page,
                     .size_class = 0,
                     .guard = options.guard,
                     .budget = options.budget};
  classes_[0].slabs.configure(slabs);
  for (std::size_t k = 1; k < class_count; ++k) {
    slabs.stride = page << k;
    slabs.size_class = static_cast<std::uint8_t>(k);
    if (slabs.stride >> k == page && slabs.stride >= smallest) {
      classes_[k].slabs.configure(slabs);
    }
  }
}

stack_pool::~stack_pool() {
  assert(in_use_ == 0 && "a stack is still in use: end its fiber before its runtime");
}

/// The class with the smallest stacks that are large enough, or class_count.
std::size_t stack_pool::class_of(std::size_t size) const noexcept {
  const std::size_t standard = classes_[0].slabs.stride();
  if (size <= standard && standard - size < page_size()) {
    return 0;
  }
  std::size_t k = 1;
  while (k < class_count && classes_[k].slabs.stride() < size) {
    ++k;
  }
  return k < class_count && classes_[k].slabs.stride() == standard ? 0 : k;
}

stack* stack_pool::acquire(std::size_t size) noexcept {
  const std::size_t k = class_of(std::max(size, smallest_stack));
  stack* taken = nullptr;
  if (k == class_count || take(classes_[k], {&taken, 1}) == 0) {
    return nullptr;
  }
  unpoison(*taken);
  return taken;
}

std::size_t stack_pool::acquire_batch(std::span<stack*> stacks) noexcept {
  return take(classes_[0], stacks);
}

std::size_t stack_pool::take(size_class& from, std::span<stack*> stacks) noexcept {
  std::size_t reused = 0;
  {
    const std::lock_guard lock(lock_);
    for (chain* const list : {&from.resident, &from.cold}) {
      while (reused < stacks.size() && list->first) {
        stacks[reused++] = list->pop();
      }
    }
    in_use_ += reused;
    free_ -= reused;
  }
  if (reused == stacks.size()) {
    return reused;
  }
  const std::size_t carved = from.slabs.carve(stacks.subspan(reused));
  const std::lock_guard lock(lock_);
  in_use_ += carved;
  return reused + carved;
}

void stack_pool::release(stack* returned) noexcept {
  chain one;
  one.push(returned);
  put(classes_[returned->size_class], one);
}

void stack_pool::release_batch(std::span<stack* const> stacks) noexcept {
  chain returned;
  for (stack* const each : stacks) {
    assert(is_default(*each) && "a batch holds stacks of the default size only");
    returned.push(each);
  }
  put(classes_[0], returned);
}

void stack_pool::put(size_class& to, chain returned) noexcept {
  const std::size_t total = returned.count;
  std::size_t room = 0;
  {
    const std::lock_guard lock(lock_);
    room = keep_resident_ - std::min(keep_resident_, to.resident.count);
  }
  chain resident;
  chain cold;
  while (stack* const each = returned.pop()) {
    const bool keep = resident.count < room;
    discard_below(*each, keep ? high_water_ : 0);
    (keep ? resident : cold).push(each);
  }
  const std::lock_guard lock(lock_);
  while (stack* const each = resident.pop()) {
    to.resident.push(each);
  }
  while (stack* const each = cold.pop()) {
    to.cold.push(each);
  }
  in_use_ -= total;
  free_ += total;
}

void stack_pool::trim() noexcept {
  for (size_class& each : classes_) {
    chain resident;
    {
      const std::lock_guard lock(lock_);
      resident = std::exchange(each.resident, {});
    }
    chain cold;
    while (stack* const s = resident.pop()) {
      discard_below(*s, 0);
      cold.push(s);
    }
    const std::lock_guard lock(lock_);
    while (stack* const s = cold.pop()) {
      each.cold.push(s);
    }
  }
}

stack_statistics stack_pool::statistics() const noexcept {
  stack_statistics now;
  for (const size_class& each : classes_) {
    const stack_slabs::counts counts = each.slabs.count();
    now.reserved_bytes += counts.reserved_bytes;
    now.unguarded += counts.unguarded;
  }
  const std::lock_guard lock(lock_);
  now.in_use = in_use_;
  now.free = free_;
  for (const size_class& each : classes_) {
    now.free_resident += each.resident.count;
  }
  return now;
}

stack_cache::~stack_cache() {
  assert(count_ == 0 && "trim the cache before it is destroyed: its stacks belong to the pool");
}

bool stack_cache::refill(stack_pool& pool) noexcept {
  count_ = pool.acquire_batch(std::span(hot_).first(batch));
  // The pool hands out its warmest first, the cache its last.
  std::reverse(hot_.begin(), hot_.begin() + static_cast<std::ptrdiff_t>(count_));
  return count_ != 0;
}

void stack_cache::flush(stack_pool& pool, std::size_t count) noexcept {
  pool.release_batch(std::span(hot_).first(count));
  std::move(hot_.begin() + static_cast<std::ptrdiff_t>(count),
            hot_.begin() + static_cast<std::ptrdiff_t>(count_), hot_.begin());
  count_ -= count;
}

void stack_cache::trim(stack_pool& pool, std::size_t keep) noexcept {
  if (count_ > keep) {
    flush(pool, count_ - keep);
  }
}

}  // namespace weft::detail
