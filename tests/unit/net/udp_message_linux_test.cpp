#include <array>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <support/emulator.hpp>
#include <sys/socket.h>

#include <weft/net/udp.hpp>

#include "support/udp_fixture.hpp"

namespace weft::testing {

// qemu knows few of the options that it takes to fill the room.
TEST_CASE("control data that there is no room for is told [row 104]" *
          doctest::skip(under_qemu())) {
  in_io([] {
    const auto six = udp_socket::bind("[::]:0");
    if (!six) {
      return;
    }
    CHECK(six->set_reports({.destination = true, .tos = true, .ttl = true, .timestamp = true}));
    // More than weft asks for, by options it has no call for.
    const int on = 1;
    const int fd = six->descriptor().native_handle();
    constexpr std::array<std::array<int, 2>, 6> more{{{IPPROTO_IPV6, IPV6_RECVORIGDSTADDR},
                                                      {IPPROTO_IPV6, IPV6_RECVFRAGSIZE},
                                                      {IPPROTO_IP, IP_RECVORIGDSTADDR},
                                                      {IPPROTO_IP, IP_RECVFRAGSIZE},
                                                      {IPPROTO_IP, IP_RECVOPTS},
                                                      {SOL_SOCKET, SO_RXQ_OVFL}}};
    for (const auto& [level, name] : more) {
      (void)::setsockopt(fd, level, name, &on, sizeof on);
    }
    const udp_socket four = bound();
    CHECK(four.send_to("much to tell", endpoint::loopback_v4(where(*six).port())));
    std::array<std::byte, 32> buffer;
    const auto got = or_throw(six->receive_message(buffer));
    CHECK(got.size == 12);
    CHECK(got.control_truncated);
  });
}

}  // namespace weft::testing
