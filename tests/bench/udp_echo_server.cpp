// A UDP echo server:
//
//   udp_echo_server single|batch [host:port]
//
// `single` receives and sends one datagram a call, `batch` as many as there are, up to 64.

#include <array>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include <weft/io/run.hpp>
#include <weft/net/udp.hpp>

namespace {

constexpr std::size_t batch = 64;
constexpr std::size_t largest = 2048;

weft::result<void> echo_single(const weft::udp_socket& socket) {
  std::array<std::byte, largest> buffer;
  for (;;) {
    const auto got = socket.receive_from(buffer);
    if (!got) {
      return weft::fail(got.error());
    }
    if (auto sent = socket.send_to(std::span(buffer).first(got->size), got->from); !sent) {
      return sent;
    }
  }
}

weft::result<void> echo_batch(const weft::udp_socket& socket) {
  std::vector<std::byte> memory(batch * largest);
  std::array<weft::udp_slot, batch> slots;
  for (std::size_t i = 0; i < batch; ++i) {
    slots[i].buffer = std::span(memory).subspan(i * largest, largest);
  }
  std::array<weft::udp_parcel, batch> parcels;
  for (;;) {
    const auto count = socket.receive_many(slots);
    if (!count) {
      return weft::fail(count.error());
    }
    for (std::size_t i = 0; i < *count; ++i) {
      parcels[i] = {.data = slots[i].data(), .to = slots[i].from};
    }
    if (auto sent = socket.send_many(std::span(parcels).first(*count)); !sent) {
      return weft::fail(sent.error());
    }
  }
}

weft::result<void> serve(bool in_batches, const char* where) {
  auto socket = weft::udp_socket::bind(where, {.receive_buffer = 4 << 20});
  if (!socket) {
    return weft::fail(socket.error());
  }
  std::printf("listening on %s\n", socket->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  return in_batches ? echo_batch(*socket) : echo_single(*socket);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view form = argc > 1 ? argv[1] : "";
  if (form != "single" && form != "batch") {
    std::fprintf(stderr, "usage: udp_echo_server single|batch [host:port]\n");
    return 2;
  }
  return weft::run_main([&] { return serve(form == "batch", argc > 2 ? argv[2] : "127.0.0.1:0"); });
}
