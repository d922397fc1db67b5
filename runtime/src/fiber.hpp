#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <source_location>
#include <string>
#include <system_error>
#include <vector>

#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/scope.hpp>
#include <weft/runtime/detail/task.hpp>

#include "context.hpp"
#include "fiber_timer.hpp"

/// The fiber's control block: type-stable, pooled, never unmapped while its runtime lives.
///
/// Who touches which field:
/// - the fiber itself, while it runs: current_scope, shields, extras, the task;
/// - the worker that switches: sp, running_stack, the exception state, on_cpu;
/// - whoever has claimed the fiber's wait, until it is in a run queue: next;
/// - the stack sweeper: swept; it borrows on_cpu of a parked fiber, see stack_sweeper.hpp;
/// - anyone: the parker word, waiting_for, `root` (under its locks), join_state by the transitions
/// below.
///
/// on_cpu is the hand-over between two workers. A waker may queue a fiber that has published its
/// wait but not yet left its stack; whoever takes it from a queue must see on_cpu false (acquire,
/// pairing with the release after the switch) before resuming it. Only the scheduler's own context
/// waits for that: a fiber that did so while leaving could wait for a worker that waits for it.
namespace weft::detail {

class worker;
struct stack;

/// More cannot be asked for.
inline constexpr std::size_t largest_stack = std::size_t{1} << (sizeof(std::size_t) == 8 ? 40 : 30);

/// What few fibers have; allocated when first needed.
struct fiber_extras {
  std::string name;
  std::error_code noted_error;
  std::string note;
  std::vector<void*> locals;  // by fiber_local key; see fiber_local.cpp
};

/// Who still needs the control block. The finishing worker moves on to finishing, copies the
/// joiner's token, and moves on to finished: from then on the block may be reaped and reused.
enum class join_state : std::uint8_t {
  running,    // -> waiting by the joiner, -> detached by the owner, -> finishing
  waiting,    // joiner is a valid token; -> running when the joiner gives up, -> finishing
  finishing,  // -> finished, in a few instructions
  finished,   // the outcome is there; the owner reaps
  detached,   // nobody will come; the worker reaps
};

class alignas(cache_line) fiber : public parker {
 public:
  fiber() noexcept : parker(kind::fiber), timer(*this), root(*this) {}

  std::atomic<bool> on_cpu{false};
  std::atomic<join_state> joining{join_state::running};
  std::atomic<bool> alive{false};  // between create_fiber() and the end, for dumps and shutdown
  bool pinned : 1 = false;
  bool heap_task : 1 = false;
  bool hooked : 1 = false;
  spinlock timer_lock;  // see fiber_timer.hpp

  context sp = nullptr;  // null until the first run binds a stack
  stack* running_stack = nullptr;
  fiber* next = nullptr;

  // exception_state while suspended, spelled out so that its padding holds the next field.
  void* caught_exceptions = nullptr;
  std::uint16_t uncaught_exceptions = 0;
  std::uint16_t swept = 0;            // the stack sweeper's note of a wait
  std::uint32_t stack_kilobytes = 0;  // asked for; 0: the runtime's default

  fiber_timer timer;       // on a cache line of its own
  worker* home = nullptr;  // pinned: where it belongs; otherwise where it ran last
  const task_ops* ops = nullptr;

  union {
    wait_token joiner;
    struct {
      completion_hook run;
      void* context;
    } hook;
  };

  // Relaxed: a dump may read them while the block begins a new life, and mixes two lines at worst.
  std::atomic<std::source_location> site;
  std::atomic<std::uint64_t> id{0};
  fiber_extras* extras = nullptr;
  std::atomic<const char*> waiting_for{nullptr};  // a string literal, for dumps

  root_scope root;

  alignas(inline_task_alignment) std::byte task[inline_task_size];
};

static_assert(sizeof(fiber) <= parker_lines * cache_line);

/// Made at first use, under the lock that dumps hold.
fiber_extras& extras_of(fiber& f);

}  // namespace weft::detail
