#include "stack_slabs.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <limits>
#include <new>

#include "sanitizer.hpp"
#include "stack_memory.hpp"

// A slab is one mapping: count pieces of stride bytes, each a guard page and above it a stack, and
// behind them the slab's own header and the stacks' records. Slabs have equal attributes, so that
// the kernel merges neighbours, and a million stacks are some forty mappings.
//
// A stack is carved when it is first needed, in order of address: only then is its record written
// and its guard installed, because both touch memory that a process with few fibers never needs.
// The system calls for it are made outside the lock, on pieces that are taken already.
//
// Tops are coloured: neighbours' differ by a cache line, modulo 16. Without that the hot frames of
// all parked fibers fall into the same few sets of the caches, and switching among 1,000 or 2,000
// fibers costs three times as much, among 16,000 one and a half times.

namespace weft::detail {

namespace {

constexpr std::size_t colours = 16;
constexpr std::size_t first_slab_bytes = std::size_t{16} << 20;
constexpr std::size_t largest_slab_bytes = std::size_t{sizeof(void*) == 8 ? 1024 : 64} << 20;

std::size_t round_up(std::size_t size, std::size_t unit) noexcept {
  return (size + unit - 1) / unit * unit;
}

void mention_missing_guards() noexcept {
  static constinit std::atomic<bool> mentioned{false};
  if (!mentioned.exchange(true)) {
    std::fputs(
        "weft: there are more stacks than guard pages, an overflow of the others goes unnoticed "
        "(raise vm.max_map_count, or use Linux 6.13 or later)\n",
        stderr);
  }
}

}  // namespace

struct stack_slabs::slab {
  slab* next;
  std::byte* base;
  std::size_t length;  // of the mapping
  std::size_t count;
  std::size_t carved;
  std::size_t budgeted;  // guard pages to give back to the budget

  stack* records() noexcept { return reinterpret_cast<stack*>(this + 1); }
};

std::size_t stack::size() const noexcept {
  return round_up(static_cast<std::size_t>(top - bottom), page_size()) + page_size();
}

void discard_below(const stack& s, std::size_t keep) noexcept {
  // Without asking which pages are present: mincore() takes longer than the advice on none.
  const std::size_t usable = s.size() - page_size();
  const std::size_t kept = round_up(keep, page_size());
  if (kept < usable) {
    discard_memory(s.bottom, usable - kept);
  }
}

void unpoison(const stack& reused) noexcept {
  if (under_address_sanitizer) {
    sanitizer_unpoison(reused.bottom, reused.size() - page_size());
  }
}

stack_slabs::~stack_slabs() {
  while (slab* const old = slabs_) {
    slabs_ = old->next;
    forget_slab(old->base);
    for (std::size_t i = 0; i < old->carved; ++i) {
      sanitizer_destroy_fiber(old->records()[i].sanitizer_fiber);
      unpoison(old->records()[i]);
    }
    options_.budget->give_back(old->budgeted);
    unmap_memory(old->base, old->length);
  }
}

stack_slabs::counts stack_slabs::count() const noexcept {
  const std::lock_guard lock(lock_);
  return counts_;
}

std::size_t stack_slabs::carve(std::span<stack*> stacks) noexcept {
  std::size_t done = 0;
  while (done < stacks.size()) {
    const piece taken = take(stacks.size() - done);
    if (taken.of == nullptr) {
      if (!grow()) {
        break;
      }
      continue;
    }
    const auto carved = stacks.subspan(done, taken.count);
    write_records(taken, carved);
    guard(taken, carved);
    done += taken.count;
  }
  return done;
}

stack_slabs::piece stack_slabs::take(std::size_t wanted) noexcept {
  const std::lock_guard lock(lock_);
  if (slabs_ == nullptr || slabs_->carved == slabs_->count) {
    return {};
  }
  const piece taken{.of = slabs_,
                    .first = slabs_->carved,
                    .count = std::min(wanted, slabs_->count - slabs_->carved)};
  slabs_->carved += taken.count;
  return taken;
}

void stack_slabs::write_records(const piece& taken, std::span<stack*> stacks) noexcept {
  for (std::size_t i = 0; i < taken.count; ++i) {
    const std::size_t index = taken.first + i;
    std::byte* const base = taken.of->base + index * options_.stride;
    stacks[i] = new (taken.of->records() + index)
        stack{.top = base + options_.stride - index % colours * cache_line,
              .bottom = base + page_size(),
              .next = nullptr,
              .sanitizer_fiber = nullptr,
              .size_class = options_.size_class,
              .guarded = false};
  }
}

void stack_slabs::guard(const piece& taken, std::span<stack* const> stacks) noexcept {
  const bool budgeted = options_.guard == guard_kind::protection;
  const std::size_t allowed = budgeted ? options_.budget->take(taken.count) : taken.count;
  const std::size_t done =
      install_guards(options_.guard, {.first = taken.of->base + taken.first * options_.stride,
                                      .stride = options_.stride,
                                      .count = allowed});
  for (stack* const each : stacks.first(done)) {
    each->guarded = true;
  }
  if (budgeted) {
    options_.budget->give_back(allowed - done);
  }
  if (done < taken.count && options_.guard != guard_kind::none) {
    mention_missing_guards();
  }
  const std::lock_guard lock(lock_);
  taken.of->budgeted += budgeted ? done : 0;
  counts_.unguarded += taken.count - done;
}

bool stack_slabs::grow() noexcept {
  const std::lock_guard growing(growing_);
  {
    const std::lock_guard lock(lock_);
    if (slabs_ != nullptr && slabs_->carved < slabs_->count) {
      return true;  // another thread was faster
    }
  }
  slab_bytes_ = std::clamp(slab_bytes_ * 2, first_slab_bytes, largest_slab_bytes);
  slab* grown = nullptr;
  std::size_t count = std::max<std::size_t>(slab_bytes_ / options_.stride, 1);
  for (; grown == nullptr && count != 0; count /= 2) {
    grown = map(count);
  }
  if (grown == nullptr) {
    return false;
  }
  const std::size_t stacks_length = grown->count * options_.stride;
  remember_slab({.base = grown->base, .length = stacks_length, .stride = options_.stride});
  const std::lock_guard lock(lock_);
  grown->next = slabs_;
  slabs_ = grown;
  counts_.reserved_bytes += stacks_length;
  return true;
}

stack_slabs::slab* stack_slabs::map(std::size_t count) noexcept {
  if (options_.stride > std::numeric_limits<std::size_t>::max() / 2 / count) {
    return nullptr;
  }
  const std::size_t stacks_length = count * options_.stride;
  const std::size_t length =
      stacks_length + round_up(sizeof(slab) + count * sizeof(stack), page_size());
  std::byte* const base = map_memory(length);
  if (base == nullptr) {
    return nullptr;
  }
  return new (base + stacks_length) slab{
      .next = nullptr, .base = base, .length = length, .count = count, .carved = 0, .budgeted = 0};
}

}  // namespace weft::detail
