#include "thread_perform.hpp"

#include <poll.h>

#include <cerrno>
#include <mutex>

#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/detail/parker.hpp>

#include "execute.hpp"

namespace weft::io::detail {

std::error_code perform_on_thread(operation& op) noexcept {
  constexpr auto look_around = std::chrono::milliseconds(50);
  const short events = direction_of(op.code) == direction::in ? POLLIN : POLLOUT;
  for (;;) {
    op.result = execute(op);
    if (op.result != -EAGAIN) {
      return {};
    }
    if (const std::error_code error = weft::detail::cancel_error()) {
      return error;
    }
    {
      std::lock_guard hold(op.target->lock);
      if (op.target->closing) {
        op.result = -EBADF;
        return {};
      }
    }
    weft::detail::sys::poll(op.target->fd, events, clock::now() + look_around);
  }
}

}  // namespace weft::io::detail
