#include <weft/net/native_endpoint.hpp>
#include <weft/net/tcp_listener.hpp>

#include "accept.hpp"
#include "socket.hpp"

namespace weft {

namespace {

result<tcp_stream> stream_on(result<io::descriptor> accepted) noexcept {
  return accepted ? result<tcp_stream>(tcp_stream::from(std::move(*accepted)))
                  : fail(accepted.error());
}

}  // namespace

result<tcp_stream> tcp_listener::accept() const noexcept {
  return stream_on(detail::accept_on(descriptor_, nullptr, nullptr));
}

result<tcp_stream> tcp_listener::accept(endpoint& peer) const noexcept {
  native_endpoint name;
  unsigned size = native_endpoint::capacity();
  auto accepted = detail::accept_on(descriptor_, name.data(), &size);
  if (accepted) {
    name.resize(size);
    peer = name.to_endpoint().value_or(endpoint());
  }
  return stream_on(std::move(accepted));
}

result<tcp_stream> tcp_listener::try_accept() const noexcept {
  return stream_on(detail::try_accept_on(descriptor_));
}

result<endpoint> tcp_listener::local_endpoint() const noexcept {
  return detail::local_endpoint_of(descriptor_);
}

}  // namespace weft
