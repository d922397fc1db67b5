#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include <weft/net/socket.hpp>
#include <weft/runtime/explain.hpp>

#include "support/child.hpp"
#include "support/scratch.hpp"
#include "support/socket_fixture.hpp"

/// weft::socket with paths, and without a privilege.
namespace weft::testing {

TEST_CASE("the same calls serve paths and names [row 153]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string name = "@weft-socket-" + std::to_string(::getpid());
    for (const socket_type type : {socket_type::stream, socket_type::sequenced}) {
      for (const std::string& host : {scratch / "server", name}) {
        weft::socket server(socket_domain::local, type);
        weft::socket client(socket_domain::local, type);
        check_connection(server, client, host);
        server.close();
        CHECK(::access((scratch / "server").c_str(), F_OK) != 0);
      }
    }
  });
}

TEST_CASE("datagrams between paths wait for room and lose nothing [row 153]") {
  in_io([] {
    const scratch_directory scratch;
    weft::socket receiver(socket_domain::local, socket_type::datagram);
    const weft::socket sender(socket_domain::local, socket_type::datagram);
    const std::string path = scratch / "receiver";
    CHECK(receiver.bind(path));
    auto flood = spawn([&] {
      for (int i = 0; i < 1000; ++i) {
        CHECK(sender.sendto(std::to_string(i), path));
      }
    });
    bool in_order = true;
    for (int i = 0; i < 1000; ++i) {
      in_order = in_order && or_throw(receiver.recv(100)) == std::to_string(i);
    }
    CHECK(in_order);
    or_throw(flood.join());
  });
}

TEST_CASE("a sequence of messages keeps their boundaries [row 153]") {
  in_io([] {
    const std::string name = "@weft-sequence-" + std::to_string(::getpid());
    weft::socket server(socket_domain::local, socket_type::sequenced);
    const weft::socket client(socket_domain::local, socket_type::sequenced);
    CHECK(server.bind(name));
    CHECK(server.listen());
    CHECK(client.connect(name));
    const weft::socket peer = or_throw(server.accept());
    CHECK(client.send("one") == 3);
    CHECK(client.send("two") == 3);
    CHECK(or_throw(peer.recv(100)) == "one");
    CHECK(or_throw(peer.recv(100)) == "two");
  });
}

TEST_CASE("child: a raw socket without privilege" * doctest::skip()) {
  become_plain_program();
  if (::getuid() == 0 && ::setuid(65'534) != 0) {
    std::_Exit(3);
  }
  const auto raw = weft::socket::open(socket_domain::ipv4, socket_type::raw, 1);
  std::printf("%s\n", raw ? "it was allowed" : explain(raw.error()).c_str());
}

TEST_CASE("a raw socket without privilege is refused with the way out [row 106]") {
  const child_outcome outcome = run_child("child: a raw socket without privilege");
  CHECK(outcome.says("raw sockets need CAP_NET_RAW"));
}

}  // namespace weft::testing
