#include <sys/socket.h>

#include "peer_identity.hpp"
#include "socket_option_names.hpp"

namespace weft::detail {

result<peer_credentials> identity_of_peer(const io::descriptor& socket) noexcept {
  ucred native{};
  unsigned size = sizeof native;
  const auto asked = ask_option(socket, option::peer_credentials, &native, size);
  if (!asked) {
    return fail(asked.error());
  }
  return peer_credentials{.process_id = native.pid, .user_id = native.uid, .group_id = native.gid};
}

}  // namespace weft::detail
