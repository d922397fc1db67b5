#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include <weft/runtime/config.hpp>

namespace weft {

/// The fullest sentence known about an error: what was attempted, what went wrong, the way out.
///
/// An error code cannot carry the address that was taken. Calls that fail rarely and puzzle often
/// (listen, connect, name look-up, open) leave a note with the calling fiber or thread; explain()
/// returns the newest such note when it is about the same code. Of a cancellation or a time-out it
/// tells what cause_of() knows: who did it and why, which timeout_scope, how long it was and where
/// it is. Otherwise it returns the code's message. What a fiber knew of the error with which it
/// ended goes to who joins it or waits for its task group.
///
/// Threads: any; a note belongs to the fiber or thread that made the failing call, or got the error
///   by joining.
/// Cost: allocates; meant for messages to people.
WEFT_API std::string explain(std::error_code error);

namespace detail {
/// Leaves the note that explain() returns for `error` in this fiber or thread. Replaces the last.
WEFT_API void note_error(std::error_code error, std::string_view what);
}  // namespace detail

}  // namespace weft
