#include <array>

#include "available_backends.hpp"
#include "backends/kqueue.hpp"
#include "backends/poll.hpp"

namespace weft::io::detail {

std::span<const available_backend> available_backends() noexcept {
  static constexpr std::array all{
      available_backend{backend_kind::kqueue, &make_kqueue_backend},
      available_backend{backend_kind::poll, &make_poll_backend},
  };
  return all;
}

}  // namespace weft::io::detail
