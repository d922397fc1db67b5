#include <array>

#include "available_backends.hpp"
#include "backends/epoll.hpp"
#include "backends/io_uring.hpp"
#include "backends/poll.hpp"

namespace weft::io::detail {

std::span<const available_backend> available_backends() noexcept {
  static constexpr std::array all{
      available_backend{backend_kind::io_uring, &make_io_uring_backend},
      available_backend{backend_kind::epoll, &make_epoll_backend},
      available_backend{backend_kind::poll, &make_poll_backend},
  };
  return all;
}

}  // namespace weft::io::detail
