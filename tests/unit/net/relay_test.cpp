#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/file.hpp>
#include <weft/net/relay.hpp>

#include "support/scratch.hpp"
#include "support/tcp_fixture.hpp"

namespace weft::testing {

namespace {

/// client -- near | relay | far -- server
struct chain {
  connection left = connected();
  connection right = connected();
  join_handle<relay_totals> relaying = spawn([this] { return relay(left.server, right.client); });

  const tcp_stream& client() const { return left.client; }
  const tcp_stream& server() const { return right.server; }
};

std::string sample(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>(i % 251);
  }
  return text;
}

/// A file with a text in it.
class text_file {
 public:
  explicit text_file(std::string_view text) {
    const auto made = or_throw(io::file::open(
        path_, {.access = io::file_access::write, .create = io::file_creation::always_new}));
    or_throw(made.write_all_at(0, bytes_of(text)));
    file_ = or_throw(io::file::open(path_));
  }
  const io::file& get() const { return file_; }
  int fd() const { return file_.descriptor().native_handle(); }

 private:
  scratch_directory home_;
  std::string path_ = home_ / "text";
  io::file file_;
};

}  // namespace

TEST_CASE("relay() passes on both directions and the end of each [row 85] [row 127]") {
  in_io([] {
    chain c;
    CHECK(c.client().write_all("request"));
    CHECK(read_text(c.server(), 7) == "request");
    CHECK(c.client().shutdown(socket_side::write));
    CHECK(read_error(c.server()) == errc::end_of_stream);
    CHECK(c.server().write_all("the answer comes after the end"));
    CHECK(read_text(c.client(), 30) == "the answer comes after the end");
    CHECK(!c.relaying.finished());
    CHECK(c.server().shutdown(socket_side::write));
    CHECK(read_error(c.client()) == errc::end_of_stream);
    const auto totals = c.relaying.join();
    REQUIRE(totals);
    CHECK(totals->a_to_b == 7);
    CHECK(totals->b_to_a == 30);
  });
}

TEST_CASE("relay() passes on much data both ways at once, unchanged") {
  in_io([] {
    chain c;
    const std::string data = sample(rounds(3'000'000));
    const auto send = [&](const tcp_stream& s) {
      or_throw(s.write_all(data));
      or_throw(s.shutdown(socket_side::write));
    };
    auto one = spawn([&] { send(c.client()); });
    auto two = spawn([&] { send(c.server()); });
    auto three = spawn([&] { return read_text(c.server(), data.size()) == data; });
    CHECK((read_text(c.client(), data.size()) == data));
    CHECK(three.join() == true);
    CHECK(one.join());
    CHECK(two.join());
    CHECK(c.relaying.join()->a_to_b == data.size());
  });
}

TEST_CASE("an error of one direction ends the relay" * doctest::skip(!raw::remembers_resets)) {
  in_io([] {
    chain c;
    CHECK(c.left.client.set_linger(0s));
    c.left.client.close();
    CHECK(error_of(c.relaying.join()) == std::errc::connection_reset);
    CHECK(c.left.server.is_open());
  });
}

TEST_CASE("a cancellation and a deadline end the relay") {
  in_io([] {
    {
      chain c;
      (void)sleep_for(settle_time);
      c.relaying.cancel();
      CHECK(error_of(c.relaying.join()) == errc::operation_canceled);
    }
    const connection left = connected();
    const connection right = connected();
    timeout_scope limit{3ms};
    CHECK(error_of(relay(left.server, right.client)) == errc::timed_out);
  });
}

TEST_CASE("a peer that does not read holds up its own direction only") {
  in_io([] {
    chain c;
    auto flood = spawn([&] { return c.client().write_all(std::string(64 * 1024 * 1024, 'f')); });
    (void)sleep_for(settle_time);
    for (int i = 0; i < 10; ++i) {
      CHECK(c.server().write_all("still"));
      CHECK(read_text(c.client(), 5) == "still");
    }
    CHECK(!flood.finished());
    flood.cancel();
    (void)flood.join();
    c.relaying.cancel();
    (void)c.relaying.join();
  });
}

TEST_CASE("send_file() sends a part of a file, to its end at most [row 85]") {
  in_io([] {
    const std::string text = sample(rounds(5'000'000));
    const text_file file(text);
    const connection both = connected();
    auto sender = spawn([&] { return send_file(both.client, file.fd(), 0, text.size() + 99); });
    CHECK((read_text(both.server, text.size()) == text));
    CHECK(sender.join() == text.size());
    CHECK(send_file(both.client, file.fd(), 1000, 10) == 10);
    CHECK(read_text(both.server, 10) == text.substr(1000, 10));
    CHECK(send_file(both.client, file.fd(), text.size(), 10) == 0);
    CHECK(send_file(both.client, file.fd(), 0, 0) == 0);
    CHECK(error_of(send_file(both.client, -1, 0, 1)) == std::errc::bad_file_descriptor);
  });
}

TEST_CASE("send_file() sends from a file that is read from at the same time [row 85]") {
  in_io([] {
    const std::string text = sample(300'000);
    const text_file file(text);
    const connection both = connected();
    std::string first(10, '.');
    CHECK(file.get().read_exact_at(0, bytes_of(first)));  // from here on the worker serves it
    auto sender = spawn([&] { return send_file(both.client, file.fd(), 0, text.size()); });
    auto reader = spawn([&] {
      std::string again(text.size(), '.');
      for (int i = 0; i < 20; ++i) {
        or_throw(file.get().read_exact_at(0, bytes_of(again)));
      }
      return again == text;
    });
    CHECK((read_text(both.server, text.size()) == text));
    CHECK(sender.join() == text.size());
    CHECK(reader.join() == true);
  });
}

TEST_CASE("send_file() copies where the system cannot send from the file [row 85]") {
  for (const int error : {EINVAL, ENOSYS}) {
    static std::atomic<int> refusal;
    refusal = error;
    detail::sys::inject([](detail::sys::call which, int, std::size_t) noexcept {
      return detail::sys::fault{.error =
                                    which == detail::sys::call::send_file ? refusal.load() : 0};
    });
    in_io([] {
      const std::string text = sample(300'000);
      const text_file file(text);
      const connection both = connected();
      auto sender = spawn([&] { return send_file(both.client, file.fd(), 0, text.size() + 9); });
      CHECK((read_text(both.server, text.size()) == text));
      CHECK(sender.join() == text.size());
    });
    detail::sys::inject(nullptr);
  }
}

TEST_CASE("send_file() waits for room, and can be timed out and cancelled") {
  in_io([] {
    const text_file file(sample(8'000'000));
    const connection both = connected();
    {
      timeout_scope limit{5ms};
      CHECK(error_of(send_file(both.client, file.fd(), 0, 8'000'000)) == errc::timed_out);
    }
    auto sender = spawn([&] { return send_file(both.client, file.fd(), 0, 8'000'000); });
    (void)sleep_for(settle_time);
    sender.cancel();
    CHECK(error_of(sender.join()) == errc::operation_canceled);
  });
}

TEST_CASE("sending to a peer that is gone is an error and no signal [row 125]") {
  in_io([] {
    const text_file file(sample(100'000));
    const connection both = connected();
    CHECK(both.client.shutdown(socket_side::write));
    for (int i = 0; i < 3; ++i) {
      CHECK(error_of(both.client.write_all("x")) == std::errc::broken_pipe);
      CHECK(error_of(send_file(both.client, file.fd(), 0, 1000)) == std::errc::broken_pipe);
      const std::array<std::span<const std::byte>, 1> out{bytes_of("y")};
      CHECK(error_of(both.client.write_vectored(out)) == std::errc::broken_pipe);
      CHECK(error_of(both.client.try_write(out[0])) == std::errc::broken_pipe);
    }
  });
}

}  // namespace weft::testing
