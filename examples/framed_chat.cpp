// A chat between two over one connection, in messages with their length before them. Each side owns
// two halves: one fiber reads lines from the keyboard and writes, another reads and prints.
//
//   framed_chat listen [host:port]         waits for the other; default 127.0.0.1:7780
//   framed_chat connect <host:port>
//
// Ctrl-D ends one's own side of the talk: the other may go on.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/net/halves.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/sync/task_group.hpp>

using reader = weft::owned_read_half<weft::tcp_stream>;
using writer = weft::owned_write_half<weft::tcp_stream>;

constexpr std::uint32_t longest = 64 * 1024;

// Four bytes of length, the most significant first, and the message, in one system call.
weft::result<void> send_message(const writer& to, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  const std::array<std::byte, 4> length{std::byte(size >> 24), std::byte(size >> 16 & 0xff),
                                        std::byte(size >> 8 & 0xff), std::byte(size & 0xff)};
  const std::array<std::span<const std::byte>, 2> parts{length, std::as_bytes(std::span(text))};
  return to.write_all_vectored(parts);
}

weft::result<std::string> receive_message(const reader& from) {
  std::array<std::byte, 4> length;
  if (auto read = from.read_exact(length); !read) {
    return weft::fail(read.error());
  }
  std::uint32_t size = 0;
  for (const std::byte b : length) {
    size = size << 8 | std::to_integer<std::uint32_t>(b);
  }
  if (size > longest) {
    return weft::fail(std::make_error_code(std::errc::message_size));
  }
  std::string text(size, '\0');
  if (auto read = from.read_exact(std::as_writable_bytes(std::span(text))); !read) {
    return weft::fail(read.error());
  }
  return text;
}

// When this returns, the half goes, and the other side sees the end.
weft::result<void> say(writer to) {
  for (;;) {
    std::string line;
    const auto typed = weft::blocking([&] { return !!std::getline(std::cin, line); });
    if (!typed || !*typed) {
      return typed ? weft::result<void>() : weft::fail(typed.error());
    }
    line.resize(std::min<std::size_t>(line.size(), longest));
    if (auto sent = send_message(to, line); !sent) {
      return sent;
    }
  }
}

weft::result<void> hear(reader from) {
  for (;;) {
    auto text = receive_message(from);
    if (!text) {
      const bool is_end = text.error() == weft::errc::end_of_stream;
      return is_end ? weft::result<void>() : weft::fail(text.error());
    }
    std::printf("> %s\n", text->c_str());
    std::fflush(stdout);
  }
}

weft::result<weft::tcp_stream> meet(bool listens, const char* where) {
  if (!listens) {
    return weft::connect(where);
  }
  auto listener = weft::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  std::printf("listening on %s\n", listener->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  return listener->accept();
}

weft::result<void> talk(bool listens, const char* where) {
  auto stream = meet(listens, where);
  if (!stream) {
    return weft::fail(stream.error());
  }
  auto halves = weft::into_halves(std::move(*stream));
  weft::task_group both;
  both.spawn(say, std::move(halves.writer));
  both.spawn(hear, std::move(halves.reader));
  return both.wait();
}

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  if ((role != "listen" && role != "connect") || (role == "connect" && argc < 3)) {
    std::fprintf(stderr, "usage: framed_chat listen [host:port] | connect <host:port>\n");
    return 2;
  }
  return weft::run_main(
      [&] { return talk(role == "listen", argc > 2 ? argv[2] : "127.0.0.1:7780"); });
}
