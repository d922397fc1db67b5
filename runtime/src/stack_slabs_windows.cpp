#include <algorithm>
#include <cstdint>
#include <new>

#include "stack_context.hpp"
#include "stack_slabs.hpp"

// A fiber of Windows owns its stack, so a slab is records only. The fiber is created when its stack
// is first used, grows as the stack is touched, and is deleted where its pages are to be given
// back: the next use creates another.

namespace weft::detail {

namespace {

struct windows_stack : stack {
  windows_fiber own;
  std::size_t reserve;
};

windows_stack& whole(stack& s) noexcept {
  return static_cast<windows_stack&>(s);
}

constexpr std::size_t stacks_in_slab = 256;

}  // namespace

struct stack_slabs::slab {
  slab* next;
  std::size_t count;
  std::size_t carved;
  windows_stack records[stacks_in_slab];
};

std::size_t stack::size() const noexcept {
  return static_cast<const windows_stack&>(*this).reserve;
}

void discard_below(const stack& s, std::size_t keep) noexcept {
  if (keep == 0) {
    delete_fiber(whole(const_cast<stack&>(s)).own);
  }
}

void unpoison(const stack&) noexcept {}

context start_context(stack& on, context_entry entry) noexcept {
  windows_stack& s = whole(on);
  if (s.own.handle == nullptr && !create_fiber(s.own, s.reserve)) {
    return nullptr;
  }
  s.own.entry = entry;
  return &s.own;
}

stack_slabs::~stack_slabs() {
  while (slab* const old = slabs_) {
    slabs_ = old->next;
    for (windows_stack& each : old->records) {
      delete_fiber(each.own);
    }
    delete old;
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
    write_records(taken, stacks.subspan(done, taken.count));
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
  counts_.reserved_bytes += taken.count * options_.stride;
  return taken;
}

void stack_slabs::write_records(const piece& taken, std::span<stack*> stacks) noexcept {
  for (std::size_t i = 0; i < taken.count; ++i) {
    windows_stack& fresh = taken.of->records[taken.first + i];
    fresh.size_class = options_.size_class;
    fresh.guarded = true;
    fresh.reserve = options_.stride;
    stacks[i] = &fresh;
  }
}

bool stack_slabs::grow() noexcept {
  const std::lock_guard growing(growing_);
  auto* const grown = new (std::nothrow) slab{};
  if (grown == nullptr) {
    return false;
  }
  grown->count = stacks_in_slab;
  const std::lock_guard lock(lock_);
  grown->next = slabs_;
  slabs_ = grown;
  return true;
}

}  // namespace weft::detail
