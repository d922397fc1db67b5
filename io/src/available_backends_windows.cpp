#include <array>

#include "available_backends.hpp"
#include "backends/iocp.hpp"

namespace weft::io::detail {

std::span<const available_backend> available_backends() noexcept {
  static constexpr std::array all{
      available_backend{backend_kind::iocp, &make_iocp_backend},
  };
  return all;
}

}  // namespace weft::io::detail
