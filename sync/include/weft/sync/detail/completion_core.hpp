#pragma once

#include <cstddef>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/select_core.hpp>

/// completion_queue without the types.
///
/// Every entry waits by itself, through a proxy that stands for it: who serves its arm claims the
/// proxy's wait, performs the operation, and resumes, which appends the entry to the ready list and
/// wakes the owner if it waits in next(). So an arm is listed once, however often the owner waits,
/// and a completion costs the same with one arm and with ten thousand.
///
/// Who touches what: lock_ guards the ready list and waiter_; everything else belongs to the owner.
/// An entry belongs to the owner, too, but from the claim until it is in the ready list. Proxies
/// come from a pool and are never freed, for a claim may come late: a proxy goes back to the pool
/// only when its wait was claimed, and either its entry was in the ready list or the owner itself
/// has claimed.
namespace weft::detail {

class entry_proxy;

/// One arm in a completion queue; the part with the types derives from it.
class completion_entry {
 public:
  completion_entry(const completion_entry&) = delete;
  completion_entry& operator=(const completion_entry&) = delete;
  virtual ~completion_entry() = default;

 protected:
  completion_entry() noexcept = default;

  /// Drops what came of an operation that was performed, which nobody has taken out.
  virtual void discard() noexcept = 0;

  arm_ref arm_;  // written by the derived class once its arm is there

 private:
  friend class completion_core;

  bool performed_ = false;  // by the owner, in add(); otherwise withdraw() tells
  entry_proxy* proxy_ = nullptr;
  completion_entry* next_ready_ = nullptr;
  completion_entry* next_ = nullptr;  // of all that are pending, in no order
  completion_entry* previous_ = nullptr;
};

class WEFT_API completion_core {
 public:
  completion_core() noexcept = default;
  completion_core(const completion_core&) = delete;
  completion_core& operator=(const completion_core&) = delete;
  ~completion_core();

  std::size_t size() const noexcept { return size_; }

  /// Takes over the entry. Throws std::bad_alloc, and then has not.
  void add(completion_entry* entry);
  /// Gives an entry whose operation was performed to the caller, who deletes it.
  ///
  /// Errors: `end_of_stream` when there is none; `operation_would_block` instead of waiting, unless
  ///   `waits`; `timed_out` after `until`; those of the scopes around the caller.
  result<completion_entry*> next(time_point until, bool waits) noexcept;
  /// Deletes the entries whose operation was not performed and will not be.
  void withdraw_all() noexcept;

 private:
  friend class entry_proxy;

  void make_ready(completion_entry& entry) noexcept;
  bool start(completion_entry& entry) noexcept;
  bool settle(completion_entry& entry) noexcept;
  completion_entry* pop_ready() noexcept;
  void forget(completion_entry& entry) noexcept;
  time_point look_at_due() noexcept;

  completion_entry* entries_ = nullptr;
  std::size_t size_ = 0;
  std::size_t outside_ = 0;  // arms that not only fibers make ready
  std::size_t timed_ = 0;    // arms that are due at some time

  spinlock lock_;
  completion_entry* first_ready_ = nullptr;
  completion_entry* last_ready_ = nullptr;
  wait_token waiter_;
};

}  // namespace weft::detail
