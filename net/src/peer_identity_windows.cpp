#include "peer_identity.hpp"

namespace weft::detail {

result<peer_credentials> identity_of_peer(const io::descriptor&) noexcept {
  return fail(std::make_error_code(std::errc::operation_not_supported));
}

}  // namespace weft::detail
