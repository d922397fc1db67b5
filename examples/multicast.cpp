// Publishes to a multicast group, or subscribes to it and prints what comes.
//
//   multicast subscribe [group:port] [interface address] [count]     until so many have come
//   multicast publish   [group:port] [interface address] [text...]
//
// Default: group 239.255.77.77:7777 on the loopback interface, 127.0.0.1.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <weft/io/run.hpp>
#include <weft/net/udp.hpp>

weft::result<void> subscribe(const weft::endpoint& group, const weft::ip_address& through,
                             int count) {
  // Several subscribers on one machine share the port.
  auto socket =
      weft::udp_socket::bind(weft::endpoint::any_v4(group.port()), {.reuse_address = true});
  if (!socket) {
    return weft::fail(socket.error());
  }
  if (auto joined = socket->join(group.address(), through); !joined) {
    return joined;
  }
  std::printf("subscribed to %s\n", group.to_string().c_str());
  std::fflush(stdout);
  std::array<std::byte, 2048> buffer;
  for (int i = 0; count == 0 || i < count; ++i) {
    auto got = socket->receive_from(buffer);
    if (!got) {
      return weft::fail(got.error());
    }
    std::printf("%s: %.*s\n", got->from.to_string().c_str(), static_cast<int>(got->size),
                reinterpret_cast<const char*>(buffer.data()));
    std::fflush(stdout);
  }
  return socket->leave(group.address(), through);
}

weft::result<void> publish(const weft::endpoint& group, const weft::ip_address& through, int count,
                           char** texts) {
  auto socket = weft::udp_socket::unbound(weft::ip_family::v4);
  if (!socket) {
    return weft::fail(socket.error());
  }
  if (auto set = socket->set_multicast_interface(through); !set) {
    return set;
  }
  for (int i = 0; i < count; ++i) {
    if (auto sent = socket->send_to(std::string_view(texts[i]), group); !sent) {
      return sent;
    }
  }
  return {};
}

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what != "subscribe" && what != "publish") {
    std::fprintf(stderr,
                 "usage: multicast subscribe|publish [group:port] [interface address] ...\n");
    return 2;
  }
  return weft::run_main([&]() -> weft::result<void> {
    const auto group = weft::endpoint::parse(argc > 2 ? argv[2] : "239.255.77.77:7777");
    const auto through = weft::ip_address::parse(argc > 3 ? argv[3] : "127.0.0.1");
    if (!group || !through) {
      return weft::fail(group ? through.error() : group.error());
    }
    return what == "subscribe" ? subscribe(*group, *through, argc > 4 ? std::atoi(argv[4]) : 0)
                               : publish(*group, *through, argc > 4 ? argc - 4 : 0, argv + 4);
  });
}
