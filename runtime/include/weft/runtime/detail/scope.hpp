#pragma once

#include <cstdint>
#include <source_location>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>

namespace weft::detail {

class wake_list;

/// Why a scope ended. Small: a fiber's control block has room for sixteen bytes.
struct scope_end {
  constexpr scope_end() noexcept : scope_end(nullptr, 0) {}
  constexpr scope_end(const char* why, std::uint64_t by) noexcept : reason(why), canceled_by(by) {}
  constexpr scope_end(std::source_location where, duration span) noexcept
      : made(where), limit(span.count()) {}

  union {
    const char* reason;         // of a cancellation; lives as long as the program
    std::source_location made;  // of a time-out: where the timeout_scope is
  };
  union {
    std::uint64_t canceled_by;  // of a cancellation: the fiber, 0 for what is none
    std::int64_t limit;         // of a time-out: how long the timeout_scope had, in nanoseconds
  };
};

/// A node of the cancellation tree: what the public scopes, the fibers and the task groups share.
///
/// A scope that is *entered* becomes its owner's current scope until it is left, in stack order; a
/// root belongs to a fiber for the fiber's life; a group is attached below the scope it was made in
/// without becoming anyone's current scope. Cancelling marks the scope and everything below it
/// except what a shield covers, and wakes the fibers that wait there.
///
/// Locks nest from parent to child. A scope's fields are guarded by its own lock, its links by its
/// parent's; `status_` may be read without either.
class WEFT_API scope {
 public:
  enum class kind : std::uint8_t { root, cancel, timeout, shield, group };
  enum class status : std::uint8_t { open, canceled, timed_out };

  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;

  /// Marks this scope and all below it, and wakes who waits there. Any thread; the scope must stay
  /// alive meanwhile. Later calls change nothing. `reason` must live as long as the program.
  void cancel(const char* reason) noexcept;

  /// seq_cst: one half of the handshake in begin_wait().
  status state() const noexcept { return status_.load(std::memory_order_seq_cst); }
  kind type() const noexcept { return kind_; }
  /// Valid once state() is not open.
  const scope_end& end() const noexcept { return end_; }
  scope* parent() const noexcept { return parent_; }

  /// Links below `parent` (null: none) as a group or a fiber's root, taking over its state.
  void attach(scope* parent) noexcept;
  /// Undoes attach(). No child may be left.
  void detach() noexcept;

  /// Of the scopes that the owner has entered from here on, ends those whose deadline has passed;
  /// returns the nearest of the others', `forever` if there is none. In clock nanoseconds. Any
  /// thread, for a root.
  std::int64_t expire_entered(std::int64_t now, wake_list& woken) noexcept;

  /// For a root, which has room to remember one end: its own or, as long as it is open, that of the
  /// scope that ended last and was left, or of a fiber that was joined. `open`: of none.
  void remember(status how, const scope_end& end) noexcept;
  /// What it remembers.
  status remembered(scope_end& end) const noexcept;
  /// Forgets a time-out that is not its own. Only by the owner, who alone calls remember().
  void forget_time_out() noexcept {
    if (remembered_ == status::timed_out) {
      remembered_ = status::open;
    }
  }

 protected:
  /// Whether it was this scope that was cancelled and not one around it. Valid once state() is not
  /// open.
  bool was_target() const noexcept { return target_; }

  explicit scope(kind type, parker* owner = nullptr) noexcept : owner_(owner), kind_(type) {}
  ~scope() = default;

  /// Makes this the calling parker's current scope; the constructor's `owner` must be the caller.
  void enter() noexcept;
  parker& owner() const noexcept { return *owner_; }
  /// Marks this scope and all below it, and wakes who waits there.
  void end_as(status how, const scope_end& end) noexcept;
  /// Makes the parent current again; the owner's root remembers why this scope ended, if it did.
  /// Scopes must be left in the reverse order of entering.
  void leave() noexcept;
  /// Guards what expire_entered() reads of a derived scope.
  spinlock& lock() noexcept { return lock_; }
  /// Forgets a cancellation: for a root whose control block begins a new life.
  void reopen() noexcept {
    status_.store(status::open, std::memory_order_relaxed);
    remembered_ = status::open;
    target_ = false;
  }

 private:
  void link_below(scope& parent) noexcept;
  /// Under this scope's lock; takes those of what is below, as far as it goes.
  void mark(status how, const scope_end& end, wake_list& woken) noexcept;
  /// False: it has ended before, and so has all below.
  bool mark_alone(status how, const scope_end& end, wake_list& woken) noexcept;
  /// Of a scope and the siblings that follow it, the first that is no shield.
  static scope* first_exposed(scope* from) noexcept;

  scope* parent_ = nullptr;
  scope* first_child_ = nullptr;
  scope* next_ = nullptr;
  scope* previous_ = nullptr;
  scope* inner_ = nullptr;  // the child that the owner entered: the owner waits there, not here
  parker* owner_ = nullptr;
  scope_end end_;  // how: status_ says or, while that is open, remembered_
  atomic<status> status_{status::open};
  status remembered_ = status::open;
  bool target_ = false;
  const kind kind_;
  mutable spinlock lock_;
};

/// Of a fiber or a thread: of its life as a whole.
WEFT_API scope& root_of(parker& owner) noexcept;

/// The earliest deadline of the open scopes that the caller has entered, those outside a shield
/// left out; `forever` where there is none.
WEFT_API time_point nearest_deadline() noexcept;

/// The scope of a fiber or thread as a whole.
class WEFT_API root_scope : public scope {
 public:
  explicit root_scope(parker& owner) noexcept : scope(kind::root, &owner) {}
  using scope::reopen;
};

/// The scope of a task group: its children are the roots of the fibers it spawned.
class WEFT_API group_scope : public scope {
 public:
  /// Made below the calling parker's current scope, which it must not outlive.
  group_scope() noexcept : scope(kind::group) { attach(current_parker().current_scope); }
  ~group_scope() { detach(); }

  /// Forgets a cancellation of its own, not one that came from above. No child may be left.
  void reopen() noexcept;
};

}  // namespace weft::detail
