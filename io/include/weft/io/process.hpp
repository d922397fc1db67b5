#pragma once

#include <cstdint>
#include <memory>

#include <weft/io/exit_status.hpp>
#include <weft/io/pipe_reader.hpp>
#include <weft/io/pipe_writer.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

class command;

namespace detail {
class child_state;
}  // namespace detail

/// A process that this one has started; see io::command.
///
/// It is not ended with this object, unless its command said so by kill_on_drop(): it runs on, and
/// what is left of it when it ends is cleared away in the background. No number of a process that
/// is gone is ever signalled or waited for.
///
/// Suspends: wait() and its forms, until it has ended.
/// Errors: those of each call; `closed` for an object that has no process; `no_child_process` from
///   wait() when somebody else has taken the exit status: the program ignores SIGCHLD, or waits for
///   all its children.
/// Cancellation: a wait that fails changes nothing, and can be repeated.
/// Threads: any fibers or threads may wait, several at once, and signal. Moving and destroying need
///   the object to oneself.
/// Lifetime: outlives the calls on it.
/// Cost: a handle of the system's (a pidfd, on macOS and the BSDs a kqueue), where a sandbox
///   refuses it a pipe and a sleeping thread; one object. While there are processes that were
///   dropped, one sleeping thread and a pipe for all of them.
class WEFT_API process {
 public:
  process() noexcept;
  process(process&& other) noexcept;
  process& operator=(process&& other) noexcept;
  ~process();

  /// The system's number for it, its own as long as wait() has not returned; -1 for no process.
  std::int64_t id() const noexcept;

  // Our ends of its streams, those that its command made pipes of: they can be moved elsewhere. It
  // is told of the end of its input when that end is closed, here and wherever else it is.
  pipe_writer& input() noexcept { return input_; }
  pipe_reader& output() noexcept { return output_; }
  pipe_reader& error() noexcept { return error_; }

  /// Waits until it has ended, and returns how. Whoever asks again is told the same. One that has
  /// ended already is reported even to a cancelled caller. What it writes into a pipe that is full
  /// must be read meanwhile, or it does not end.
  result<exit_status> wait() noexcept;
  /// wait() that fails with `timed_out` after a while; zero or less is no wait.
  result<exit_status> wait_for(duration limit) noexcept;
  result<exit_status> wait_until(time_point deadline) noexcept;
  /// wait() that fails with `operation_would_block` instead of waiting.
  result<exit_status> try_wait() noexcept;

  /// Sends a signal. Does not suspend.
  /// Errors: `no_such_process` when its end was reported already; `invalid_argument` for what is no
  ///   signal; `operation_not_permitted` when it has become another user's.
  result<void> signal(int number) noexcept;
  /// Asks it to end: SIGTERM.
  result<void> terminate() noexcept;
  /// Ends it: SIGKILL. Its end has still to be waited for.
  result<void> kill() noexcept;

 private:
  friend class command;

  explicit process(std::unique_ptr<detail::child_state> child) noexcept;

  std::unique_ptr<detail::child_state> child_;
  pipe_writer input_;
  pipe_reader output_;
  pipe_reader error_;
};

}  // namespace weft::io
