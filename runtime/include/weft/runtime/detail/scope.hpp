#pragma once

#include <cstdint>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>

namespace weft::detail {

class wake_list;

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
  /// The reason when it was a deadline.
  static constexpr const char* deadline_passed = "the timeout_scope's deadline passed";

  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;

  /// Marks this scope and all below it, and wakes who waits there. Any thread; the scope must stay
  /// alive meanwhile. Later calls change nothing. `reason` must live as long as the program.
  void cancel(status why, const char* reason) noexcept;

  /// seq_cst: one half of the handshake in begin_wait().
  status state() const noexcept { return status_.load(std::memory_order_seq_cst); }
  kind type() const noexcept { return kind_; }
  /// Valid once state() is not open.
  const char* reason() const noexcept { return reason_; }
  std::uint64_t canceled_by() const noexcept { return canceled_by_; }
  scope* parent() const noexcept { return parent_; }

  /// Links below `parent` (null: none) as a group or a fiber's root, taking over its state.
  void attach(scope* parent) noexcept;
  /// Undoes attach(). No child may be left.
  void detach() noexcept;

  /// Of the scopes that the owner has entered from here on, ends those whose deadline has passed;
  /// returns the nearest of the others', `forever` if there is none. In clock nanoseconds. Any
  /// thread, for a root.
  std::int64_t expire_entered(std::int64_t now, wake_list& woken) noexcept;

 protected:
  /// Whether it was this scope that was cancelled and not one around it. Valid once state() is not
  /// open.
  bool was_target() const noexcept { return target_; }

  explicit scope(kind type, parker* owner = nullptr) noexcept : owner_(owner), kind_(type) {}
  ~scope() = default;

  /// Makes this the calling parker's current scope; the constructor's `owner` must be the caller.
  void enter() noexcept;
  parker& owner() const noexcept { return *owner_; }
  /// Makes the parent current again. Scopes must be left in the reverse order of entering.
  void leave() noexcept;
  /// Guards what expire_entered() reads of a derived scope.
  spinlock& lock() noexcept { return lock_; }
  /// Forgets a cancellation: for a root whose control block begins a new life.
  void reopen() noexcept {
    status_.store(status::open, std::memory_order_relaxed);
    target_ = false;
  }

 private:
  void link_below(scope& parent) noexcept;
  void mark(status why, const char* reason, std::uint64_t by, wake_list& woken) noexcept;

  scope* parent_ = nullptr;
  scope* first_child_ = nullptr;
  scope* next_ = nullptr;
  scope* previous_ = nullptr;
  scope* inner_ = nullptr;  // the child that the owner entered: the owner waits there, not here
  parker* owner_ = nullptr;
  const char* reason_ = nullptr;
  std::uint64_t canceled_by_ = 0;
  atomic<status> status_{status::open};
  bool target_ = false;
  const kind kind_;
  spinlock lock_;
};

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
