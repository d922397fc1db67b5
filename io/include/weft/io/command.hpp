#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <weft/io/child_stream.hpp>
#include <weft/io/exit_status.hpp>
#include <weft/io/process.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// What a command has said, and how it ended.
struct command_output {
  exit_status status;
  std::string output;  ///< the standard output
  std::string error;   ///< the standard error
};

/// A program to be run, and how. It can be run more than once.
///
///     auto told = weft::io::command("git").arguments({"log",
///     "-1"}).directory(repository).output();
///
/// A program without a slash in its name is looked for along this process's PATH. The child starts
/// with no signal held back, and with SIGPIPE doing what it does by default; other signals that
/// this process ignores it ignores, too (nohup). It has no handles but its standard streams and
/// those that were made without close-on-exec, which weft never does.
///
/// Suspends: spawn() and output(). The system starts the program on the blocking pool.
/// Errors: the system's, from the child as well: `no_such_file_or_directory` when there is no such
///   program or directory, `permission_denied`; explain() names it. `invalid_argument` where a text
///   has a zero in it, or a variable's name is empty or has a `=`; `operation_not_supported` for a
///   directory where the system cannot do that (OpenBSD, NetBSD); those of blocking();
///   `operation_canceled` and `timed_out` when a scope around the caller ends.
/// Cancellation: a program that was not started yet is not started.
/// Threads: const calls may come from several fibers or plain threads at once.
/// Cost: a way to the pool and back, and what the system takes to start a program.
class WEFT_API command {
 public:
  explicit command(std::string program);

  command& argument(std::string one) &;
  command&& argument(std::string one) && { return std::move(argument(std::move(one))); }
  /// Adds several.
  command& arguments(std::span<const std::string> more) &;
  command&& arguments(std::span<const std::string> more) && { return std::move(arguments(more)); }
  command& arguments(std::initializer_list<std::string> more) & {
    return arguments(std::span(more.begin(), more.size()));
  }
  command&& arguments(std::initializer_list<std::string> more) && {
    return std::move(arguments(more));
  }

  // The child's environment is this process's, at the time when it is started, with these changes.
  command& set_variable(std::string name, std::string value) &;
  command&& set_variable(std::string name, std::string value) && {
    return std::move(set_variable(std::move(name), std::move(value)));
  }
  command& remove_variable(std::string name) &;
  command&& remove_variable(std::string name) && {
    return std::move(remove_variable(std::move(name)));
  }
  /// Nothing of this process's environment, and no change made before.
  command& clear_environment() &;
  command&& clear_environment() && { return std::move(clear_environment()); }

  /// Where the child starts; a program's path that is relative is relative to it.
  command& directory(std::string path) &;
  command&& directory(std::string path) && { return std::move(directory(std::move(path))); }

  // The standard streams: what this process has itself unless told otherwise.
  command& input(child_stream what) &;
  command&& input(child_stream what) && { return std::move(input(what)); }
  command& output(child_stream what) &;
  command&& output(child_stream what) && { return std::move(output(what)); }
  command& error(child_stream what) &;
  command&& error(child_stream what) && { return std::move(error(what)); }

  /// Whether the child is killed when its io::process is dropped before it has ended.
  command& kill_on_drop(bool on = true) &;
  command&& kill_on_drop(bool on = true) && { return std::move(kill_on_drop(on)); }

  /// Starts it.
  result<process> spawn() const;

  /// Starts it, reads what it writes to both its output and its error until these end, and waits
  /// for it. Unless told otherwise it has no input. It has succeeded only if its status says so.
  ///
  /// What the child has started in its turn may keep the streams open beyond the child's end: then
  /// it is waited for, too.
  ///
  /// Errors: also `value_too_large` when one of the streams has more than `limit` bytes. After any
  ///   error, a cancellation or time-out among them, the child is killed.
  result<command_output> output(std::size_t limit = SIZE_MAX) const;

 private:
  struct child_ends;

  bool is_sound() const noexcept;
  result<child_ends> make_ends() const;

  std::string program_;
  std::vector<std::string> arguments_;
  std::vector<std::pair<std::string, std::optional<std::string>>> variables_;
  std::string directory_;
  std::array<std::optional<child_stream>, 3> streams_;
  bool inherits_environment_ = true;
  bool kills_on_drop_ = false;
};

}  // namespace weft::io
