#include <cerrno>

#include "peer_identity.hpp"
#include "socket.hpp"

namespace weft::detail {

result<peer_credentials> identity_of_peer(const io::descriptor&) noexcept {
  return fail(system_error_of(-EOPNOTSUPP));
}

}  // namespace weft::detail
