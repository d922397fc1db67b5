#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/udp.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"
#include "support/udp_fixture.hpp"

namespace weft::testing {

namespace {

constexpr auto would_block = std::errc::operation_would_block;

/// Slots and the memory for them.
class room {
 public:
  room(std::size_t count, std::size_t size) : bytes_(count * size), slots(count) {
    for (std::size_t i = 0; i < count; ++i) {
      slots[i].buffer = std::span(bytes_).subspan(i * size, size);
    }
  }

 private:
  std::vector<std::byte> bytes_;

 public:
  std::vector<udp_slot> slots;
};

std::string text_of(const udp_slot& slot) {
  return {reinterpret_cast<const char*>(slot.data().data()), slot.size};
}

/// Numbered datagrams for a receiver.
struct load {
  std::vector<std::string> texts;
  std::vector<udp_parcel> parcels;

  load(std::size_t count, const endpoint& to) {
    for (std::size_t i = 0; i < count; ++i) {
      texts.push_back("datagram " + std::to_string(i));
    }
    for (const std::string& text : texts) {
      parcels.push_back({.data = bytes_of(std::string_view(text)), .to = to});
    }
  }
};

}  // namespace

TEST_CASE("many datagrams go out and come in by one call each, in order [row B15]") {
  in_io([] {
    const udp_socket sender = bound();
    const udp_socket receiver = bound();
    for (const std::size_t count : {1U, 5U, 32U, 33U, 100U}) {
      const load sent(count, where(receiver));
      CHECK(sender.send_many(sent.parcels) == count);
      room got(count + 10, 64);
      CHECK(receiver.receive_many(got.slots) == count);
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(text_of(got.slots[i]) == sent.texts[i]);
        CHECK(got.slots[i].from == where(sender));
        CHECK(!got.slots[i].truncated);
      }
    }
  });
}

TEST_CASE("a batch takes what fits its slots and leaves the rest [row B15]") {
  in_io([] {
    const udp_socket sender = bound();
    const udp_socket receiver = bound();
    CHECK(sender.send_many(load(50, where(receiver)).parcels) == 50);
    room got(40, 10);
    CHECK(receiver.receive_many(got.slots) == 40);
    CHECK(text_of(got.slots[9]) == "datagram 9");
    CHECK(!got.slots[9].truncated);
    CHECK(text_of(got.slots[39]) == "datagram 3");
    CHECK(got.slots[39].truncated);
    CHECK(receiver.try_receive_many(got.slots) == 10);
    CHECK(error_of(receiver.try_receive_many(got.slots)) == would_block);
    CHECK(receiver.receive_many({}) == 0);
    CHECK(sender.send_many({}) == 0);
  });
}

TEST_CASE("a connected socket's batches need no addresses [row B15]") {
  in_io([] {
    const udp_socket sender = bound();
    const udp_socket receiver = bound();
    CHECK(sender.connect(where(receiver)));
    const std::array<udp_parcel, 3> parcels{
        {{.data = bytes_of("a")}, {.data = bytes_of("")}, {.data = bytes_of("ccc")}}};
    CHECK(sender.try_send_many(parcels) == 3);
    room got(3, 8);
    CHECK(receiver.receive_many(got.slots) == 3);
    CHECK(text_of(got.slots[0]) == "a");
    CHECK(got.slots[1].size == 0);
    CHECK(text_of(got.slots[2]) == "ccc");
  });
}

TEST_CASE("a batch waits for the first datagram only [row B15]") {
  in_io([] {
    const udp_socket sender = bound();
    const udp_socket receiver = bound();
    room got(4, 64);
    auto waiter = spawn([&] { return receiver.receive_many(got.slots); });
    (void)sleep_for(settle_time);
    CHECK(!waiter.finished());
    CHECK(sender.send_to("alone", where(receiver)));
    CHECK(or_throw(waiter.join()) == 1);
    CHECK(text_of(got.slots[0]) == "alone");
  });
}

TEST_CASE("a batch of which one datagram cannot be sent says how far it came [row B15]") {
  in_io([] {
    const udp_socket sender = bound();
    const udp_socket receiver = bound();
    const std::string huge(70'000, 'x');
    load sent(5, where(receiver));
    sent.parcels[2].data = bytes_of(std::string_view(huge));
    CHECK(sender.send_many(sent.parcels) == 2);
    CHECK(error_of(sender.send_many(std::span(sent.parcels).subspan(2))) ==
          std::errc::message_size);
    CHECK(sender.send_many(std::span(sent.parcels).subspan(3)) == 2);
  });
}

TEST_CASE("put-together datagrams are told apart in a batch, too [row B15]") {
  in_io([] {
    const udp_socket sender = bound();
    const udp_socket receiver = bound();
    if (!receiver.set_receive_offload(true)) {
      return;
    }
    const std::string data(900, 'd');
    CHECK(sender.send_message(bytes_of(std::string_view(data)),
                              {.to = where(receiver), .segment_size = 200}));
    CHECK(sender.send_to("alone", where(receiver)));
    room got(4, 2000);
    CHECK(receiver.receive_many(got.slots) == 2);
    CHECK(got.slots[0].size == 900);
    CHECK(got.slots[0].segment_size == 200);
    CHECK(got.slots[1].segment_size == 0);
  });
}

TEST_CASE("batches give up as they should [row B15]") {
  in_io([] {
    udp_socket socket = bound();
    const endpoint here = where(socket);
    room got(4, 8);
    check_ends_of_wait([&] { return socket.receive_many(got.slots); }, [&] { socket.close(); });
    CHECK(error_of(socket.send_many(load(3, here).parcels)) == errc::closed);
    cancel_scope ended;
    ended.cancel();
    const udp_socket other = bound();
    CHECK(error_of(other.send_many(load(3, where(other)).parcels)) == errc::operation_canceled);
    CHECK(other.try_send_many(load(3, where(other)).parcels) == 3);
  });
}

}  // namespace weft::testing
