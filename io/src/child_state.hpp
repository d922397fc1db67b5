#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include <weft/io/descriptor.hpp>
#include <weft/io/exit_status.hpp>
#include <weft/runtime/result.hpp>

#include "syscalls_process.hpp"

namespace weft::io::detail {

/// A child process until its end is reported, and after that how it ended.
///
/// Its end is taken note of, and it is signalled, under the lock: so no number is signalled that
/// the system may have given to another. Neither of the two waits.
class child_state {
 public:
  /// The watch has become the descriptor's.
  child_state(const weft::detail::sys::child& started, descriptor watch,
              bool kills_on_drop) noexcept
      : child_(started), kills_on_drop_(kills_on_drop), watch_(std::move(watch)) {}

  std::int64_t number() const noexcept { return child_.number; }
  /// Readable when it has ended.
  const descriptor& watch() const noexcept { return watch_; }

  result<exit_status> try_wait() noexcept;
  result<void> signal(int number) noexcept;

  /// Sees to it that nothing is left of the child when it ends, whenever that is.
  static void drop(std::unique_ptr<child_state> child) noexcept;

 private:
  result<exit_status> reap() noexcept;

  std::mutex mutex_;  // guards the next two
  std::optional<exit_status> ended_;
  bool is_lost_ = false;  // somebody else has taken note of its end
  const weft::detail::sys::child child_;
  const bool kills_on_drop_;
  descriptor watch_;
};

/// Waits in the background for the end of a child, and closes its watch.
void clear_away(const weft::detail::sys::child& dropped) noexcept;

}  // namespace weft::io::detail
