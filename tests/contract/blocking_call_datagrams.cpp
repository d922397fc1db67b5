#include "blocking_call_datagrams.hpp"

#include <array>
#include <memory>
#include <utility>

#include <weft/net/udp.hpp>

#include "support/raw_sockets.hpp"

namespace weft::testing {

namespace {

using detail::sys::call;

template <class T>
result<std::size_t> one_if(const result<T>& done) {
  return done ? result<std::size_t>(1) : fail(done.error());
}

blocking_call receiving(std::string_view name,
                        std::function<result<std::size_t>(const udp_socket&)> perform) {
  struct state {
    udp_socket near = or_throw(udp_socket::bind("127.0.0.1:0"));
    sockaddr_in address = loopback(or_throw(near.local_endpoint()).port());
    raw_handle far{raw::socket(AF_INET, SOCK_DGRAM)};
  };
  auto both = std::make_shared<state>();
  CHECK(::connect(both->far.get(), reinterpret_cast<const sockaddr*>(&both->address),
                  sizeof both->address) == 0);
  return {.name = name,
          .asks = call::receive_message,
          .handle = both->near.descriptor().native_handle(),
          .perform = [both, perform = std::move(perform)] { return perform(both->near); },
          .make_ready = [both] { CHECK(send_now(both->far.get(), "ping")); },
          .close = [both] { both->near.close(); }};
}

blocking_call receive_from_call() {
  return receiving("receive_from", [](const udp_socket& s) {
    std::array<std::byte, 4> buffer;
    return one_if(s.receive_from(buffer));
  });
}

blocking_call receive_message_call() {
  return receiving("receive_message", [](const udp_socket& s) {
    std::array<std::byte, 4> buffer;
    return one_if(s.receive_message(buffer));
  });
}

}  // namespace

const std::vector<make_call>& datagram_calls() {
  static const std::vector<make_call> all{receive_from_call, receive_message_call};
  return all;
}

}  // namespace weft::testing
