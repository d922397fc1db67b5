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
/// tells the cause, inside the scope that ended. Otherwise it returns the code's message.
///
/// Threads: any; a note belongs to the fiber or thread that made the failing call.
/// Cost: allocates; meant for messages to people.
WEFT_API std::string explain(std::error_code error);

namespace detail {
/// Leaves the note that explain() returns for `error` in this fiber or thread. Replaces the last.
WEFT_API void note_error(std::error_code error, std::string_view what);
}  // namespace detail

}  // namespace weft
