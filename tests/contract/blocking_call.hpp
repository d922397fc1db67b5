#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <system_error>
#include <vector>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/result.hpp>

/// Every call that can wait, each brought into the state in which it must.
namespace weft::testing {

/// A call on something of its own. All members may be called by several fibers at once.
struct blocking_call {
  std::string_view name;
  /// What the system is asked, and of which native handle.
  detail::sys::call asks;
  int handle = -1;
  /// Makes the call, which waits unless make_ready() was called before.
  std::function<result<std::size_t>()> perform;
  /// Lets one such call complete, or more.
  std::function<void()> make_ready;
  /// Closes what the call is made on.
  std::function<void()> close;
  /// By one fiber, one time: a connection. The system takes a second over it, too.
  bool once = false;
  /// A call of the caller's own and a wait for room between such calls, not an operation.
  bool is_direct = false;
};

using make_call = blocking_call (*)();

/// One for each call and operation. Called in a fiber; what they return must die in one, too.
const std::vector<make_call>& all_blocking_calls();
/// Those of UDP and Unix sockets among them.
const std::vector<make_call>& socket_calls();

/// Those of them that are made on pipes, where pipes can be waited for.
const std::vector<make_call>& pipe_calls();

/// The one that is made once.
blocking_call connect_call();
/// Not among them: to a listener that has room, so that it waits for no noticeable time.
blocking_call quick_connect_call();
/// Not among them: one such call takes all that has arrived, be it meant for several.
blocking_call read_leased_call();

template <class F>
void with_each_call(F f) {
  for (const make_call make : all_blocking_calls()) {
    const blocking_call call = make();
    f(call);
  }
}

/// The call is made before the check, because doctest's context belongs to a thread and a fiber may
/// come back on another.
void expect(const blocking_call& call, std::error_code got, std::error_code wanted);

}  // namespace weft::testing
