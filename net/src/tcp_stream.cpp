#include <weft/net/tcp_stream.hpp>

#include "socket.hpp"

namespace weft {

result<endpoint> tcp_stream::local_endpoint() const noexcept {
  return detail::local_endpoint_of(descriptor());
}

result<endpoint> tcp_stream::peer_endpoint() const noexcept {
  return detail::peer_endpoint_of(descriptor());
}

}  // namespace weft
