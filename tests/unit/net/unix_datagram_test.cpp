#include <array>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>
#include <unistd.h>

#include <weft/net/unix_datagram.hpp>
#include <weft/runtime/explain.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"
#include "support/scratch.hpp"

namespace weft::testing {

namespace {

constexpr auto would_block = std::errc::operation_would_block;

std::string abstract_name() {
  static int count = 0;
  return "@weft-datagrams-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

unix_datagram bound() {
  return or_throw(unix_datagram::bind(abstract_name()));
}

unix_endpoint where(const unix_datagram& socket) {
  return or_throw(socket.local_endpoint());
}

std::string receive_text(const unix_datagram& socket) {
  std::string text(256, '\0');
  text.resize(or_throw(socket.receive(bytes_of(text))));
  return text;
}

/// Sends until the receiver has no room; returns how many it took.
std::size_t fill(const unix_datagram& sender, const unix_endpoint& to) {
  std::size_t sent = 0;
  while (sender.try_send_to(bytes_of("filler"), to)) {
    ++sent;
  }
  return sent;
}

}  // namespace

TEST_CASE("datagrams arrive whole, with the address of their sender [row 108] [row 109]") {
  in_io([] {
    const scratch_directory scratch;
    for (const std::string& name : {scratch / "receiver", abstract_name()}) {
      const auto receiver = or_throw(unix_datagram::bind(name));
      CHECK(where(receiver).to_string() == name);
      const unix_datagram sender = bound();
      const auto anonymous = or_throw(unix_datagram::unbound());
      CHECK(sender.send_to("hello", where(receiver)));
      CHECK(anonymous.send_to("", where(receiver)));
      std::array<std::byte, 16> buffer;
      const auto first = or_throw(receiver.receive_from(buffer));
      CHECK(first.size == 5);
      CHECK(first.from == where(sender));
      CHECK(!first.truncated);
      const auto second = or_throw(receiver.receive_from(buffer));
      CHECK(second.size == 0);
      CHECK(second.from.is_unnamed());
    }
  });
}

TEST_CASE("what does not fit the buffer is reported [row 108]") {
  in_io([] {
    const auto [one, two] = or_throw(unix_datagram::pair());
    std::array<std::byte, 4> buffer;
    CHECK(one.send("too long"));
    CHECK(one.send("too long"));
    CHECK(one.send("fits"));
    const auto seen = or_throw(two.peek_from(buffer));
    CHECK(seen.size == 4);
    CHECK(seen.truncated);
    CHECK(two.peek(buffer) == 4);
    CHECK(or_throw(two.receive_from(buffer)).truncated);
    CHECK(error_of(two.receive(buffer)) == std::errc::message_size);
    CHECK(two.try_peek(buffer) == 4);
    CHECK(!or_throw(two.try_peek_from(buffer)).truncated);
    CHECK(two.receive(buffer) == 4);
  });
}

TEST_CASE("a connected socket sends to its peer, and hears that it has gone [row 108]") {
  in_io([] {
    const unix_datagram client = bound();
    unix_datagram server = bound();
    CHECK(client.connect(where(server)));
    CHECK(client.peer_endpoint() == where(server));
    CHECK(client.send("request"));
    CHECK(receive_text(server) == "request");
    CHECK(server.send_to("reply", where(client)));
    CHECK(receive_text(client) == "reply");
    CHECK(client.disconnect());
    CHECK(error_of(client.send("no")) == std::errc::not_connected);
    CHECK(client.connect(where(server).to_string()));
    const unix_endpoint gone = where(server);
    server.close();
    CHECK(error_of(client.send("anyone?")) == std::errc::connection_refused);
    CHECK(error_of(client.send_to("anyone?", gone)) == std::errc::connection_refused);
    const std::error_code error = error_of(client.connect(gone));
    CHECK(error == std::errc::connection_refused);
    CHECK(explain(error).starts_with("connect " + gone.to_string() + ": "));
  });
}

TEST_CASE("the try forms never wait, need no runtime and mind no cancelled scope [row 108]") {
  in_io([] {
    const auto [one, two] = or_throw(unix_datagram::pair());
    std::array<std::byte, 8> buffer;
    cancel_scope ended;
    ended.cancel();
    CHECK(error_of(two.try_receive(buffer)) == would_block);
    CHECK(error_of(two.try_receive_from(buffer)) == would_block);
    CHECK(error_of(two.try_peek(buffer)) == would_block);
    CHECK(one.try_send(bytes_of("one")));
    std::thread([&sender = one] { CHECK(sender.try_send(bytes_of("two"))); }).join();
    CHECK(two.try_receive(buffer) == 3);
    CHECK(or_throw(two.try_receive_from(buffer)).size == 3);
  });
}

TEST_CASE("receiving gives up as it should [row 108]") {
  in_io([] {
    std::array<std::byte, 8> buffer;
    const auto check = [](auto wait) {
      unix_datagram socket = bound();
      check_ends_of_wait([&] { return wait(socket); }, [&] { socket.close(); });
    };
    check([&](const unix_datagram& s) { return s.receive_from(buffer); });
    check([&](const unix_datagram& s) { return s.receive(buffer); });
    check([&](const unix_datagram& s) { return s.peek_from(buffer); });
    check([&](const unix_datagram& s) { return s.peek(buffer); });
    check([&](const unix_datagram& s) { return s.readable(); });
    check([&](const unix_datagram& s) {
      std::array<owned_handle, 1> room;
      return s.receive_handles(buffer, room);
    });
  });
}

TEST_CASE("a sender without a peer waits until the receiver has room, and no longer [row 108]") {
  in_io([] {
    const unix_datagram receiver = bound();
    const auto sender = or_throw(unix_datagram::unbound());
    const std::size_t filled = fill(sender, where(receiver));
    CHECK(filled > 0);
    auto late = spawn([&] { return sender.send_to("at last", where(receiver)); });
    (void)sleep_for(settle_time);
    CHECK(!late.finished());
    for (std::size_t i = 0; i < filled; ++i) {
      CHECK(receive_text(receiver) == "filler");
    }
    CHECK(receive_text(receiver) == "at last");
    CHECK(late.join());
  });
}

TEST_CASE("a sender that waits for room gives up as it should [row 108]") {
  in_io([] {
    const unix_datagram receiver = bound();
    auto sender = or_throw(unix_datagram::unbound());
    const unix_endpoint to = where(receiver);
    const std::size_t filled = fill(sender, to);
    check_ends_of_wait([&] { return sender.send_to("no", to); }, [&] { sender.close(); });

    auto connected = or_throw(unix_datagram::unbound());
    CHECK(connected.connect(to));
    check_ends_of_wait([&] { return connected.send("no"); }, [&] { connected.close(); });
    std::array<std::byte, 8> buffer;
    for (std::size_t i = 0; i < filled; ++i) {
      CHECK(receiver.try_receive(buffer) == 6);
    }
    CHECK(error_of(receiver.try_receive(buffer)) == would_block);
  });
}

TEST_CASE("a sender that waits for room hears that the receiver has gone [row 108]") {
  in_io([] {
    unix_datagram receiver = bound();
    const auto sender = or_throw(unix_datagram::unbound());
    const unix_endpoint to = where(receiver);
    CHECK(fill(sender, to) > 0);
    auto late = spawn([&] { return sender.send_to("no", to); });
    (void)sleep_for(settle_time);
    receiver.close();
    CHECK(error_of(late.join()) == std::errc::connection_refused);
  });
}

TEST_CASE("a connected sender waits until there is room, on a pair, too [row 108]") {
  in_io([] {
    const auto flood = [](const unix_datagram& from, const unix_datagram& to) {
      const std::size_t count = rounds(3000);
      auto sender = spawn([&] {
        for (std::size_t i = 0; i < count; ++i) {
          CHECK(from.send(std::to_string(i)));
        }
      });
      bool in_order = true;
      for (std::size_t i = 0; i < count; ++i) {
        in_order = in_order && receive_text(to) == std::to_string(i);
      }
      CHECK(in_order);
      or_throw(sender.join());
    };
    const auto [one, two] = or_throw(unix_datagram::pair());
    flood(one, two);
    const unix_datagram receiver = bound();
    const auto sender = or_throw(unix_datagram::unbound());
    CHECK(sender.connect(where(receiver)));
    flood(sender, receiver);
  });
}

TEST_CASE("a datagram that is too large for the buffer of the system is refused [row 108]") {
  in_io([] {
    const auto [one, two] = or_throw(unix_datagram::pair());
    CHECK(one.set_send_buffer(8000));
    CHECK(error_of(one.set_send_buffer(-1)) == std::errc::invalid_argument);
    CHECK(or_throw(one.send_buffer()) >= 8000);
    CHECK(error_of(one.send(std::string(200'000, 'x'))) == std::errc::message_size);
    CHECK(one.writable());
    CHECK(one.send("small"));
    CHECK(receive_text(two) == "small");
  });
}

TEST_CASE("a native handle is adopted and given up again, and the file stays [row 138]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "receiver";
    auto socket = or_throw(unix_datagram::bind(path));
    const unix_endpoint here = where(socket);
    const int native = socket.descriptor().native_handle();
    raw_handle mine(socket.release());
    CHECK(mine.get() == native);
    CHECK(!socket.is_open());
    CHECK(socket.release() == -1);
    std::array<std::byte, 8> buffer;
    CHECK(error_of(socket.receive(buffer)) == errc::closed);
    CHECK(::access(path.c_str(), F_OK) == 0);

    auto again = unix_datagram::from(adopt(std::move(mine)));
    CHECK(where(again) == here);
    auto receiver = spawn([&] { return receive_text(again); });
    (void)sleep_for(settle_time);
    CHECK(or_throw(unix_datagram::unbound()).send_to("ping", here));
    CHECK(receiver.join() == "ping");
    again.close();
    CHECK(::access(path.c_str(), F_OK) == 0);
  });
}

}  // namespace weft::testing
