// Asks a host whether it is there, by ICMP echo over a raw socket, which takes privilege.
//
//   ping [host] [count]        default 127.0.0.1, 3 times

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include <unistd.h>

#include <weft/io/run.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/socket.hpp>
#include <weft/runtime/cancel.hpp>

using namespace std::chrono_literals;

constexpr int icmp = 1;
constexpr std::uint8_t echo_reply = 0;
constexpr std::uint8_t echo_request = 8;

using packet = std::array<std::uint8_t, 16>;

// The Internet's checksum (RFC 1071).
std::uint16_t checksum(std::span<const std::uint8_t> data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
    sum += static_cast<std::uint32_t>(data[i] << 8 | data[i + 1]);
  }
  while (sum >> 16) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

void put(packet& at, std::size_t offset, unsigned value) {
  at[offset] = static_cast<std::uint8_t>(value >> 8);
  at[offset + 1] = static_cast<std::uint8_t>(value);
}

packet request(std::uint16_t identity, std::uint16_t number) {
  packet made{echo_request};
  put(made, 4, identity);
  put(made, 6, number);
  put(made, 2, checksum(made));
  return made;
}

// Whether an IPv4 packet is the answer; many others arrive at a raw socket, too.
bool answers(std::span<const std::byte> ip, std::uint16_t identity, std::uint16_t number) {
  const std::size_t header = ip.empty() ? 0 : (std::to_integer<std::size_t>(ip[0]) & 0xf) * 4;
  if (ip.size() < header + 8) {
    return false;
  }
  const auto octet = [&](std::size_t i) { return std::to_integer<unsigned>(ip[header + i]); };
  return octet(0) == echo_reply && (octet(4) << 8 | octet(5)) == identity &&
         (octet(6) << 8 | octet(7)) == number;
}

weft::result<void> await_answer(const weft::socket& socket, std::uint16_t identity,
                                std::uint16_t number) {
  std::array<std::byte, 1500> buffer;
  for (;;) {
    auto got = socket.recvfrom(buffer);
    if (!got) {
      return weft::fail(got.error());
    }
    if (answers(std::span(buffer).first(got->size), identity, number)) {
      return {};
    }
  }
}

weft::result<void> ping(std::string_view host, int count) {
  auto socket = weft::socket::open(weft::socket_domain::ipv4, weft::socket_type::raw, icmp);
  if (!socket) {
    return weft::fail(socket.error());  // says what privilege is missing
  }
  if (auto connected = socket->connect(host); !connected) {
    return connected;
  }
  const auto identity = static_cast<std::uint16_t>(::getpid());
  for (int i = 1; i <= count; ++i) {
    const auto number = static_cast<std::uint16_t>(i);
    const auto start = weft::clock::now();
    const packet question = request(identity, number);
    weft::timeout_scope limit{1s};
    auto sent = socket->send(std::as_bytes(std::span(question)));
    auto answer = sent ? await_answer(*socket, identity, number) : weft::fail(sent.error());
    const std::chrono::duration<double, std::milli> taken = weft::clock::now() - start;
    if (answer) {
      std::printf("answer %d after %.3f ms\n", i, taken.count());
    } else if (limit.is_expired()) {
      std::printf("no answer %d\n", i);
    } else {
      return answer;
    }
  }
  return {};
}

int main(int argc, char** argv) {
  return weft::run_main(
      [&] { return ping(argc > 1 ? argv[1] : "127.0.0.1", argc > 2 ? std::atoi(argv[2]) : 3); });
}
