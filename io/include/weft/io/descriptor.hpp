#pragma once

#include <utility>

#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/operation.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Owns a native handle that fibers wait on: a socket, a pipe, an eventfd.
///
/// Threads: operations and close() may come from several fibers at once, on any worker, and of
///   several runtimes, as long as all of these run: one may see to the events for the others.
///   Moving and destroying need the object to oneself.
/// Lifetime: the object must outlive the operations on it; close() returns when they have ended.
/// Cost: one pooled object.
class WEFT_API descriptor {
 public:
  descriptor() noexcept = default;
  /// Takes over a native handle and makes it non-blocking. Throws std::bad_alloc.
  static result<descriptor> adopt(int fd);
  /// Takes over one that is non-blocking already.
  static descriptor adopt_nonblocking(int fd);

  descriptor(descriptor&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor();

  /// Ends every operation that waits on the handle with `errc::closed`, waits until they have left,
  /// and closes it. Idempotent; while one closes, others wait for that.
  ///
  /// Suspends: while others are inside, briefly. Not a cancellation point.
  void close() noexcept { shut(false); }

  /// close() that leaves the native handle open, non-blocking as it is, to the caller; -1 when it
  /// is closed already, or another closes it.
  int surrender() const noexcept { return shut(true); }

  /// Gives the handle up without closing it. No operation may be waiting. It stays non-blocking.
  int release() noexcept;

  bool is_open() const noexcept;
  /// The number; -1 when closed. It stays the descriptor's own, and unless the caller knows that
  /// nobody closes it meanwhile, the number may be another's already: see borrow().
  int native_handle() const noexcept;

  /// Keeps the native handle from being closed while the caller makes a call of its own on it, one
  /// that does not wait: close() waits for the lease to end. Empty when the handle is closed.
  class lease;
  lease borrow() const noexcept;

  /// Performs an operation on the handle: `op.code` and its arguments must be filled in.
  ///
  /// Suspends: until the operation completes, unless it can at once.
  /// Returns: what the system call returns.
  /// Errors: the system's; `errc::closed` when the handle is or gets closed; `operation_canceled`
  ///   and `timed_out` when a scope around the caller ends: then the operation has had no effect.
  /// Threads: a plain thread blocks instead.
  result<std::size_t> perform(operation& op) const noexcept;

  /// The same for an operation on a file, which is always ready and yet may take long: by the
  /// backend where it can, else on the blocking pool.
  ///
  /// Errors: also those of blocking().
  /// Cancellation: what the system or the pool has begun is waited for; if it is done all the same,
  ///   it has succeeded.
  result<std::size_t> perform_on_file(operation& op) const noexcept;

  /// Performs it only if it need not wait, else fails with `operation_would_block`. Never suspends,
  /// and is no cancellation point.
  result<std::size_t> try_perform(operation& op) const noexcept;

 private:
  explicit descriptor(detail::descriptor_state& state) noexcept : state_(&state) {}

  int shut(bool keeps) const noexcept;

  detail::descriptor_state* state_ = nullptr;
};

class WEFT_API descriptor::lease {
 public:
  lease(lease&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  lease& operator=(lease&&) = delete;
  ~lease() {
    if (state_) {
      give_back();
    }
  }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  int native_handle() const noexcept;

 private:
  friend class descriptor;

  explicit lease(detail::descriptor_state* state) noexcept : state_(state) {}
  void give_back() noexcept;

  detail::descriptor_state* state_;
};

}  // namespace weft::io
