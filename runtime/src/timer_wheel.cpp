#include "timer_wheel.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <mutex>

#include <weft/runtime/detail/compiler.hpp>

// A hierarchical timing wheel (Varghese and Lauck, 1987) of six levels with 256 slots each. Time is
// counted in ticks, deadlines are rounded up, and current_ is the tick through which everything has
// been taken off.
//
// Where a timer goes: its level is that of the highest digit, in base 256, in which its tick
// differs from current_, its slot is that digit. Hence
//   - everything in a level expires before anything in a higher one, and within a level the slots
//     come in order: the earliest timer is in the first occupied slot of the lowest occupied level,
//     which two bitmaps tell however long ago the last collect() was;
//   - when current_ enters a slot above the lowest level, the timers in it descend: they differ
//   from
//     current_ only in lower digits now. In base 256 this happens once to a timer between 17 ms and
//     4 s away, and the timers of one slot are few enough to be in the cache still when they
//     expire.
// Due timers wait in ready_, those about to descend in descending_, so that collect() can stop
// anywhere and go on later.
//
// The nodes lie in other fibers' memory, so walking a ring would be one cache miss after another.
// Each node therefore remembers another one, prefetch_distance further on in the direction in which
// its ring will be walked, and the walk prefetches that: with a million random timers an expiry
// costs a fifth. It is a hint that is never followed, so it may dangle. A descending ring is walked
// from its newest node, because the older ones are known when a node is put in, and its nodes are
// put in front of what they join: this keeps the order, and makes their hints point forwards, in
// which direction the lowest level is walked.
//
// Who touches what: lock_ guards everything but next_ and size_, which are written under it and
// read without, and a node's home, which is its owner's again from the moment it is null. disarm()
// leaves bitmaps and bounds as they are: a slot found empty is skipped and vacated by collect().
//
// A node's life: idle -> armed (home set) -> idle, by disarm() or by collect(). Clearing home is
// always the last access.

namespace weft::detail {

namespace {

constexpr std::size_t descents_per_collect = 1024;

void reset(timer_link& ring) noexcept {
  ring.next = &ring;
  ring.prev = &ring;
}

bool is_empty(const timer_link& ring) noexcept {
  return ring.next == &ring;
}

void insert_after(timer_link& where, timer_link& link) noexcept {
  timer_link* const next = where.next;
  link.next = next;
  link.prev = &where;
  where.next = &link;
  next->prev = &link;
}

void unlink(timer_link& link) noexcept {
  link.prev->next = link.next;
  link.next->prev = link.prev;
}

/// Moves all of a ring that is not empty into one that is.
void take_over(timer_link& to, timer_link& from) noexcept {
  to = from;
  to.next->prev = &to;
  to.prev->next = &to;
  reset(from);
}

}  // namespace

timer_wheel::timer_wheel(std::int64_t now_ns) noexcept
    : current_(std::max<std::int64_t>(now_ns, 0) >> tick_bits) {
  reset(ready_);
  reset(descending_);
}

timer_wheel::~timer_wheel() {
  assert(size() == 0 && "a timer is still armed: end or cancel whoever waits before its worker");
}

bool timer_wheel::arm(timer_node& node, std::int64_t deadline_ns) noexcept {
  assert(node.home.load(std::memory_order_relaxed) == nullptr && "disarm the timer before arming");
  const std::int64_t floor = deadline_ns >> tick_bits;
  const std::int64_t tick = floor << tick_bits == deadline_ns ? floor : floor + 1;
  node.tick_ = std::clamp<std::int64_t>(tick, 0, last_tick);
  const std::int64_t rounded = node.tick_ << tick_bits;
  const std::lock_guard lock(lock_);
  // Relaxed: whoever disarms on another thread knows of this arm() by other means, and takes lock_.
  node.home.store(this, std::memory_order_relaxed);
  place(node, end::back);
  size_.store(size_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (rounded >= next_.load(std::memory_order_relaxed)) {
    return false;
  }
  next_.store(rounded, std::memory_order_seq_cst);  // pairs with the load in next_deadline()
  return true;
}

void timer_wheel::place(timer_node& node, end where) noexcept {
  timer_link* ring = &ready_;
  if (node.tick_ > current_) {
    const auto difference = static_cast<std::uint64_t>(node.tick_ ^ current_);
    const auto level = static_cast<std::size_t>(std::bit_width(difference) - 1) / slot_bits;
    const auto digit =
        static_cast<std::size_t>(node.tick_ >> (level * slot_bits)) % slots_per_level;
    slot& home = occupy(level, digit);
    home.earliest = is_empty(home.ring) ? node.tick_ : std::min(home.earliest, node.tick_);
    const void*& oldest = home.newest[home.placed++ % prefetch_distance];
    node.ahead_ = oldest;
    oldest = &node;
    ring = &home.ring;
  }
  insert_after(where == end::back ? *ring->prev : *ring, node);
}

timer_wheel::slot& timer_wheel::occupy(std::size_t level, std::size_t digit) noexcept {
  slot& home = slots_[level * slots_per_level + digit];
  std::uint64_t& word = occupied_[level][digit / 64];
  const std::uint64_t bit = std::uint64_t{1} << (digit % 64);
  if ((word & bit) == 0) {
    word |= bit;
    occupied_levels_ |= 1U << level;
    reset(home.ring);
    home.placed = 0;
    home.newest.fill(nullptr);
  }
  return home;
}

void timer_wheel::vacate(std::size_t level, std::size_t digit) noexcept {
  auto& words = occupied_[level];
  words[digit / 64] &= ~(std::uint64_t{1} << (digit % 64));
  if (std::ranges::all_of(words, [](std::uint64_t word) { return word == 0; })) {
    occupied_levels_ &= ~(1U << level);
  }
}

bool timer_wheel::disarm(timer_node& node) noexcept {
  for (;;) {
    // Acquire pairs with the release in fire(): the wheel is done with the node before the caller
    // reuses it.
    timer_wheel* const home = node.home.load(std::memory_order_acquire);
    if (home == nullptr) {
      return false;
    }
    if (home->withdraw(node)) {
      return true;
    }
  }
}

bool timer_wheel::withdraw(timer_node& node) noexcept {
  const std::lock_guard lock(lock_);
  if (node.home.load(std::memory_order_relaxed) != this) {
    return false;
  }
  unlink(node);
  size_.store(size_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  node.home.store(nullptr, std::memory_order_relaxed);  // the caller owns the node
  return true;
}

std::size_t timer_wheel::first_digit(std::size_t level) const noexcept {
  const auto& words = occupied_[level];
  std::size_t word = 0;
  while (words[word] == 0) {
    ++word;
  }
  return word * 64 + static_cast<std::size_t>(std::countr_zero(words[word]));
}

std::int64_t timer_wheel::earliest_deadline() noexcept {
  if (!is_empty(ready_) || !is_empty(descending_)) {
    return current_ << tick_bits;
  }
  while (occupied_levels_ != 0) {
    const auto level = static_cast<std::size_t>(std::countr_zero(occupied_levels_));
    const std::size_t digit = first_digit(level);
    const slot& first = slots_[level * slots_per_level + digit];
    if (!is_empty(first.ring)) {
      return first.earliest << tick_bits;
    }
    vacate(level, digit);
  }
  return no_deadline;
}

/// Moves current_ to the next occupied slot, whose timers it takes into ready_ or descending_, both
/// empty before. Returns false if no slot begins by the target: then that is where current_ is.
bool timer_wheel::advance(std::int64_t target) noexcept {
  if (target <= current_) {
    return false;
  }
  while (occupied_levels_ != 0) {
    const auto level = static_cast<std::size_t>(std::countr_zero(occupied_levels_));
    const std::size_t digit = first_digit(level);
    const std::size_t shift = level * slot_bits;
    const std::int64_t upper = current_ >> (shift + slot_bits) << (shift + slot_bits);
    const std::int64_t start = upper | static_cast<std::int64_t>(digit) << shift;
    if (start > target) {
      break;
    }
    vacate(level, digit);
    timer_link& ring = slots_[level * slots_per_level + digit].ring;
    if (!is_empty(ring)) {
      current_ = start;
      take_over(level == 0 ? ready_ : descending_, ring);
      return true;
    }
  }
  current_ = target;
  return false;
}

std::size_t timer_wheel::collect(std::int64_t now_ns, std::span<timer_node*> due) noexcept {
  const std::int64_t target = std::max<std::int64_t>(now_ns, 0) >> tick_bits;
  const std::lock_guard lock(lock_);
  std::size_t count = 0;
  std::size_t descents = 0;
  while (count < due.size()) {
    if (!is_empty(descending_)) {
      if (descents++ == descents_per_collect) {
        break;
      }
      descend();
    } else if (!is_empty(ready_)) {
      due[count++] = &fire();
    } else if (!advance(target)) {
      break;
    }
  }
  size_.store(size_.load(std::memory_order_relaxed) - count, std::memory_order_relaxed);
  next_.store(earliest_deadline(), std::memory_order_seq_cst);
  return count;
}

void timer_wheel::descend() noexcept {
  auto& node = static_cast<timer_node&>(*descending_.prev);
  prefetch_to_write(node.ahead_);
  unlink(node);
  place(node, end::front);
}

timer_node& timer_wheel::fire() noexcept {
  auto& node = static_cast<timer_node&>(*ready_.next);
  prefetch_to_write(node.ahead_);
  unlink(node);
  // Release pairs with the acquire in disarm(): the owner may reuse the node at once.
  node.home.store(nullptr, std::memory_order_release);
  return node;
}

}  // namespace weft::detail
