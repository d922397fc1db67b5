#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

/// select() without the types.
///
/// A round has two passes. The first asks each arm, in random or given order, whether it is ready.
/// If none is, a wait is opened and the second pass lists every arm with its token; each looks
/// again under its lock, so that what happened since the first pass is not missed. From then on
/// exactly one claim of the token succeeds: by someone who serves an arm, the deadline, a
/// cancellation, or an arm of the second pass itself. Whichever it was, all arms are withdrawn, and
/// only then is the winner's handler called.
///
/// Where the token was claimed and nobody has performed anything (arm_step::again, or a thing that
/// merely said to look), the next round begins: what was missed under the dead token is found by
/// its first pass. So does it when the time has come at which an arm is due.
namespace weft::detail {

/// What select needs to call on an arm.
struct arm_ops {
  bool (*try_now)(void* arm) noexcept;
  arm_step (*enlist)(void* arm, arm_ticket ticket) noexcept;
  bool (*withdraw)(void* arm) noexcept;
  bool served_by_fibers;                  ///< see arm.hpp
  time_point (*due)(void* arm) noexcept;  ///< null where no time makes it ready
};

template <class A>
constexpr bool is_served_by_fibers() noexcept {
  if constexpr (requires { A::served_by_fibers; }) {
    return A::served_by_fibers;
  }
  return false;
}

template <class A>
constexpr auto due_of_arm() noexcept -> time_point (*)(void*) noexcept {
  if constexpr (requires(A& arm) { arm.due(); }) {
    return [](void* arm) noexcept -> time_point { return static_cast<A*>(arm)->due(); };
  }
  return nullptr;
}

template <select_arm A>
inline constexpr arm_ops ops_of_arm{
    [](void* arm) noexcept { return static_cast<A*>(arm)->try_now(); },
    [](void* arm, arm_ticket ticket) noexcept { return static_cast<A*>(arm)->enlist(ticket); },
    [](void* arm) noexcept { return static_cast<A*>(arm)->withdraw(); }, is_served_by_fibers<A>(),
    due_of_arm<A>()};

struct arm_ref {
  void* arm = nullptr;
  const arm_ops* ops = nullptr;
  std::size_t index = 0;  ///< what select_one() returns if this arm wins

  /// When it becomes ready by itself.
  time_point due() const noexcept { return ops->due ? ops->due(arm) : forever; }
};

enum class select_order : bool { random, given };

/// What select_one() returns when no arm has won.
inline constexpr std::size_t deadline_passed = static_cast<std::size_t>(-1);
inline constexpr std::size_t none_ready = static_cast<std::size_t>(-2);

struct select_plan {
  select_order order = select_order::random;
  bool waits = true;  ///< if not, none_ready is returned where it would have to
  time_point until = forever;
};

/// Waits for one of the arms. Reorders `arms` for select_order::random.
///
/// Errors: those of the scopes around the caller.
WEFT_API result<std::size_t> select_one(std::span<arm_ref> arms, const select_plan& plan) noexcept;

}  // namespace weft::detail
