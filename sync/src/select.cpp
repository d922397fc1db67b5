#include <algorithm>
#include <optional>
#include <utility>

#include <weft/runtime/detail/compiler.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/sync/detail/select_core.hpp>

namespace weft::detail {

namespace {

/// A number for a shuffle, not for a secret. Out of line: a fiber may change threads between two
/// calls, so neither may keep the variable's address.
WEFT_NOINLINE std::uint32_t draw() noexcept {
  static thread_local std::uint32_t state = 0;
  be_impure();
  if (state == 0) {
    state = static_cast<std::uint32_t>(clock::now().time_since_epoch().count()) | 1;
  }
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/// The first pass: the index of an arm that was ready. `arms` is left in the order of asking.
std::optional<std::size_t> find_ready(std::span<arm_ref> arms, select_order order) noexcept {
  const bool shuffles = order == select_order::random && arms.size() > 1;
  std::uint32_t random = shuffles ? draw() : 0;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    if (shuffles) {
      random = random * 1664525U + 1013904223U;
      const std::uint64_t rest = arms.size() - i;
      std::swap(arms[i], arms[i + static_cast<std::size_t>(random * rest >> 32)]);
    }
    if (arms[i].ops->try_now(arms[i].arm)) {
      return arms[i].index;
    }
  }
  return std::nullopt;
}

/// All of them, whoever has won: the index of the one that was served.
std::optional<std::size_t> withdraw(std::span<const arm_ref> listed) noexcept {
  std::optional<std::size_t> winner;
  for (const arm_ref& a : listed) {
    if (a.ops->withdraw(a.arm)) {
      winner = a.index;
    }
  }
  return winner;
}

/// The second pass. How it ended, and how many arms are listed: the next one is the one that ended
/// it.
struct listing {
  arm_step end = arm_step::waiting;
  std::size_t listed = 0;
};

listing enlist(std::span<const arm_ref> arms, arm_ticket ticket) noexcept {
  listing done;
  for (const arm_ref& a : arms) {
    done.end = a.ops->enlist(a.arm, ticket);
    if (done.end != arm_step::waiting) {
      return done;
    }
    ++done.listed;
  }
  return done;
}

/// For the deadlock report; without arms nothing can end the wait but a deadline or a cancellation.
awaited describe(std::span<const arm_ref> arms) noexcept {
  const bool inside = std::ranges::all_of(arms, [](auto& a) { return a.ops->served_by_fibers; });
  return {"select", inside ? arms.data() : nullptr};
}

/// When to look again. After the arms were listed, so that a time that is moved ahead is either
/// seen here or ends the wait.
time_point earliest_due(std::span<const arm_ref> arms) noexcept {
  time_point earliest = forever;
  for (const arm_ref& a : arms) {
    earliest = std::min(earliest, a.due());
  }
  return earliest;
}

/// One round. No value: begin the next.
std::optional<result<std::size_t>> attempt(std::span<arm_ref> arms,
                                           const select_plan& plan) noexcept {
  if (const auto ready = find_ready(arms, plan.order)) {
    return *ready;
  }
  if (!plan.waits) {
    return none_ready;
  }
  if (plan.until != forever && plan.until <= clock::now()) {
    return deadline_passed;
  }
  const auto begun = begin_wait(cancelable::yes);
  if (!begun) {
    return fail(begun.error());
  }
  const listing all = enlist(arms, arm_ticket(*begun));
  const auto listed = arms.first(all.listed);
  if (all.end == arm_step::done || all.end == arm_step::again) {
    withdraw(listed);
    return all.end == arm_step::done ? std::optional<result<std::size_t>>(arms[all.listed].index)
                                     : std::nullopt;
  }
  const time_point due = earliest_due(listed);
  const wake_reason reason = park(*begun, std::min(due, plan.until), describe(listed));
  if (const auto winner = withdraw(listed)) {
    return *winner;
  }
  switch (reason) {
    case wake_reason::ready:
      return std::nullopt;
    case wake_reason::timed_out:
      return due <= plan.until ? std::nullopt : std::optional<result<std::size_t>>(deadline_passed);
    case wake_reason::canceled:
      return fail(cancel_error());
  }
  return std::nullopt;
}

}  // namespace

result<std::size_t> select_one(std::span<arm_ref> arms, const select_plan& plan) noexcept {
  consume_budget();
  for (;;) {
    if (const auto end = attempt(arms, plan)) {
      return *end;
    }
  }
}

}  // namespace weft::detail
