#include "thread_perform.hpp"

#include <algorithm>
#include <cerrno>
#include <mutex>

#include <poll.h>

#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/cancel.hpp>

#include "execute.hpp"

namespace weft::io::detail {

bool perform_on_thread(operation& op) noexcept {
  constexpr auto look_around = std::chrono::milliseconds(50);
  const short events = direction_of(op.code) == direction::in ? POLLIN : POLLOUT;
  for (;;) {
    op.result = execute(op);
    if (op.result != -EAGAIN) {
      return true;
    }
    if (!check_cancel()) {
      return false;
    }
    {
      std::lock_guard hold(op.target->lock);
      if (op.target->closing) {
        op.result = -EBADF;
        return true;
      }
    }
    const time_point next_look = clock::now() + look_around;
    weft::detail::sys::poll(op.target->fd, events,
                            std::min(next_look, weft::detail::nearest_deadline()));
  }
}

}  // namespace weft::io::detail
