#include "stack_sweeper.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "fiber.hpp"
#include "stack_guard.hpp"
#include "stack_slabs.hpp"
#include "wait_word.hpp"

namespace weft::detail {

namespace {

// A step of so many fibers takes 100 us if all their stacks are swept, 2 us if none is.
constexpr std::size_t step = 64;
constexpr std::int64_t between_steps_ns = 1'000'000;
constexpr std::int64_t between_passes_ns = 400'000'000;

void discard_unused(const stack& s, context suspended) noexcept {
  const std::byte* const lowest = lowest_used(suspended);
  const std::byte* const end = s.bottom + (s.size() - page_size());
  if (lowest > s.bottom && lowest < end) {
    discard_below(s, static_cast<std::size_t>(end - lowest));
  }
}

}  // namespace

void stack_sweeper::tick(std::int64_t now) noexcept {
  if (now < next_.load(std::memory_order_relaxed) ||
      busy_.exchange(true, std::memory_order_acquire)) {
    return;
  }
  if (at_.chunk == 0 && at_.block == 0) {
    pass_began_ = now;
    begun_.fetch_add(1, std::memory_order_relaxed);
  }
  std::array<fiber*, step> blocks;
  const std::size_t count = fibers_.list(at_, blocks);
  for (fiber* const f : std::span(blocks).first(count)) {
    look_at(*f);
  }
  std::int64_t next = now + between_steps_ns;
  if (count < step) {
    at_ = {};
    ended_.fetch_add(1, std::memory_order_relaxed);
    next = std::max(next, pass_began_ + between_passes_ns);
  }
  next_.store(next, std::memory_order_relaxed);
  busy_.store(false, std::memory_order_release);
}

void stack_sweeper::look_at(fiber& f) noexcept {
  const std::uint64_t word = wait_word::load(f);
  if (!wait_word::is_waiting(wait_word::state_of(word))) {
    return;
  }
  // Of the wait's generation as much as fits, and in the lowest bit whether it was swept. A fiber
  // that has waited 32,768 times since, exactly, is taken for one that waits for long: no harm.
  const std::uint64_t generation = wait_word::generation_of(word);
  const auto seen = static_cast<std::uint16_t>(generation << 1);
  if ((f.swept & 0xfffeU) != seen) {
    f.swept = seen;
    return;
  }
  const wait_token wait{.who = &f, .generation = generation};
  wait_state was{};
  if (f.swept != seen || f.on_cpu.load(std::memory_order_relaxed) || !wait_word::hold(wait, was)) {
    return;
  }
  // Acquire pairs with the release after the switch: the stack pointer is that of this wait.
  const bool parked = !f.on_cpu.load(std::memory_order_acquire);
  if (parked) {
    f.on_cpu.store(true, std::memory_order_relaxed);
  }
  wait_word::release(wait, was);
  if (parked) {
    discard_unused(*f.running_stack, f.sp);
    f.swept = static_cast<std::uint16_t>(seen | 1U);
    f.on_cpu.store(false, std::memory_order_release);
  }
}

}  // namespace weft::detail
