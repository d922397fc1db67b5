// A look-up service over UDP, which may lose either way: the client numbers its requests, and asks
// again, ever more patiently, until the answer with its number comes.
//
//   udp_lookup serve [host:port] [percent]     default 127.0.0.1:7755; leaves out so many answers
//   udp_lookup ask host:port name

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include <weft/io/run.hpp>
#include <weft/net/udp.hpp>
#include <weft/runtime/cancel.hpp>

using namespace std::chrono_literals;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A request is "number name", an answer "number value".
weft::result<void> serve(std::string_view where, int percent_lost) {
  const std::map<std::string_view, std::string_view> colours{
      {"warp", "blue"}, {"weft", "red"}, {"selvedge", "white"}};
  auto socket = weft::udp_socket::bind(where);
  if (!socket) {
    return weft::fail(socket.error());
  }
  std::printf("listening on %s\n", socket->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  std::array<std::byte, 512> buffer;
  for (unsigned count = 1;; ++count) {
    auto request = socket->receive_from(buffer);
    if (!request) {
      return weft::fail(request.error());
    }
    const std::string_view text = text_of(std::span(buffer).first(request->size));
    const std::size_t blank = text.find(' ');
    if (request->truncated || blank == text.npos) {
      continue;  // not a request of ours
    }
    const auto found = colours.find(text.substr(blank + 1));
    std::string answer(text.substr(0, blank + 1));
    answer += found == colours.end() ? "(unknown)" : found->second;
    if (count * 37 % 100 >= static_cast<unsigned>(percent_lost)) {
      (void)socket->send_to(answer, request->from);  // one client's trouble is not the service's
    }
  }
}

// Waits for the answer with this number; others are late ones to earlier requests.
weft::result<std::string> await_answer(const weft::udp_socket& socket, unsigned number) {
  std::array<std::byte, 512> buffer;
  for (;;) {
    auto size = socket.receive(buffer);
    if (!size) {
      return weft::fail(size.error());
    }
    const std::string_view text = text_of(std::span(buffer).first(*size));
    unsigned answered = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), answered);
    if (error == std::errc() && answered == number && end != text.data() + text.size()) {
      return std::string(end + 1, text.data() + text.size());
    }
  }
}

weft::result<std::string> look_up(const weft::udp_socket& socket, std::string_view name) {
  std::chrono::milliseconds patience = 100ms;
  for (unsigned number = 1;; ++number, patience *= 2) {
    weft::timeout_scope one_try{patience};
    auto sent = socket.send(std::to_string(number).append(" ").append(name));
    auto answer = sent ? await_answer(socket, number) : weft::fail(sent.error());
    const bool lost =
        !answer && (one_try.is_expired() || answer.error() == std::errc::connection_refused);
    if (!lost || number == 5) {
      return answer;
    }
    std::fprintf(stderr, "no answer to request %u, asking again\n", number);
  }
}

weft::result<void> ask(std::string_view server, std::string_view name) {
  auto socket = weft::udp_socket::unbound(weft::ip_family::v4);
  if (!socket) {
    return weft::fail(socket.error());
  }
  if (auto connected = socket->connect(server); !connected) {
    return connected;
  }
  auto answer = look_up(*socket, name);
  if (!answer) {
    return weft::fail(answer.error());
  }
  std::printf("%s\n", answer->c_str());
  return {};
}

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what != "serve" && (what != "ask" || argc != 4)) {
    std::fprintf(stderr,
                 "usage: udp_lookup serve [host:port] [percent] | ask <host:port> <name>\n");
    return 2;
  }
  return weft::run_main([&] {
    return what == "ask"
               ? ask(argv[2], argv[3])
               : serve(argc > 2 ? argv[2] : "127.0.0.1:7755", argc > 3 ? std::atoi(argv[3]) : 0);
  });
}
