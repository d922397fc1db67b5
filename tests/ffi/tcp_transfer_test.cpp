#include <string>
#include <thread>
#include <vector>

#include "isolate.hpp"
#include "weft_dart.h"

using namespace weft::testing;

namespace {

std::string patterned(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>(i % 251);
  }
  return text;
}

}  // namespace

TEST_CASE("a write posts its total, a read the bytes [row 130]") {
  in_use lib;
  const connection c(lib.main);
  CHECK(lib.main.write(c.near, "hello").result() == 5);
  const answer got = lib.main.read(c.far).await();
  CHECK(got.result == 5);
  REQUIRE(got.data);
  CHECK(std::string(got.data->begin(), got.data->end()) == "hello");
}

TEST_CASE("weft_write() says what was taken at once, and posts only what had to wait") {
  in_use lib;
  const half_raw c(lib.main);
  const auto write = [&](std::int64_t id, const std::string& text) {
    return weft_write(id, c.handle, reinterpret_cast<const std::uint8_t*>(text.data()), 0,
                      static_cast<std::int64_t>(text.size()));
  };
  constexpr std::int64_t unused = 1000;
  CHECK(write(unused, "hello") == 5);
  CHECK(receive_exactly(c.peer.get(), 5) == "hello");
  const std::string block = patterned(8'000'000);
  const pending waits = lib.main.ask([&](std::int64_t id) { return write(id, block); });
  const pending behind = lib.main.ask([&](std::int64_t id) { return write(id, "behind"); });
  CHECK_FALSE(waits.is_answered());
  CHECK(receive_exactly(c.peer.get(), block.size() + 6) == block + "behind");
  CHECK(waits.result() == static_cast<std::int64_t>(block.size()));
  CHECK(behind.result() == 6);
  CHECK(weft_write(unused, c.handle, nullptr, 0, 1) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(write(unused, "") == TCP_ERR_INVALID_ARGUMENT);
  CHECK(lib.main.close(c.handle).result() == 0);
  CHECK(write(unused, "late") == TCP_ERR_INVALID_HANDLE);
}

TEST_CASE("a read that waits is answered when bytes come") {
  in_use lib;
  const connection c(lib.main);
  const pending first = lib.main.read(c.far);
  const pending second = lib.main.read(c.far);
  CHECK_FALSE(first.is_answered());
  CHECK(lib.main.write(c.near, "1").result() == 1);
  CHECK(first.result() == 1);
  CHECK_FALSE(second.is_answered());
  CHECK(lib.main.write(c.near, "22").result() == 2);
  CHECK(second.result() == 2);
}

TEST_CASE("small reads are copied, large ones handed over and recycled by a finalizer [row 131]") {
  in_use lib;
  const half_raw c(lib.main);
  const std::string small = patterned(4096);
  REQUIRE(send_now(c.peer.get(), small));
  const answer copied = lib.main.read(c.handle).await();
  CHECK_FALSE(copied.is_external);
  CHECK(lib.vm.data_held() == 0);

  std::string large = patterned(20'000);
  REQUIRE(send_now(c.peer.get(), large));
  const answer external = lib.main.read(c.handle).await();
  CHECK(external.is_external);
  REQUIRE(external.data);
  CHECK(std::string(external.data->begin(), external.data->end()) ==
        large.substr(0, external.data->size()));
  CHECK(lib.vm.data_held() == 1);
  lib.vm.collect_all_data();
  CHECK(lib.vm.data_held() == 0);
}

TEST_CASE("a read delivers 64 KiB at most") {
  in_use lib;
  const connection c(lib.main);
  const std::string sent = patterned(1'000'000);
  const pending written = lib.main.write(c.near, sent);
  const pending ended = lib.main.close_write(c.near);
  std::string got;
  for (;;) {
    const answer part = lib.main.read(c.far).await();
    if (part.result == TCP_ERR_CLOSED) {
      break;
    }
    REQUIRE(part.data);
    CHECK(part.data->size() <= 64 * 1024);
    got.append(part.data->begin(), part.data->end());
    lib.vm.collect_some_data();
  }
  CHECK((got == sent));
  CHECK(written.result() == 1'000'000);
  CHECK(ended.result() == 0);
}

TEST_CASE("the end of the stream is -9, again and again") {
  in_use lib;
  half_raw c(lib.main);
  const pending waiting = lib.main.read(c.handle);
  c.peer.close();
  CHECK(waiting.result() == TCP_ERR_CLOSED);
  CHECK(lib.main.read(c.handle).result() == TCP_ERR_CLOSED);
  CHECK(lib.main.read(c.handle).result() == TCP_ERR_CLOSED);
}

TEST_CASE("a reset is -7, and writes after it -8") {
  in_use lib;
  half_raw c(lib.main);
  const pending waiting = lib.main.read(c.handle);
  reset(c.peer);
  CHECK(waiting.result() == TCP_ERR_READ_FAILED);
  CHECK(lib.main.write(c.handle, "x").result() == TCP_ERR_WRITE_FAILED);
  CHECK(lib.main.write(c.handle, "x").result() == TCP_ERR_WRITE_FAILED);
}

TEST_CASE("writes that nobody waited for stay in order, and the end comes after them") {
  in_use lib;
  const connection c(lib.main);
  std::string sent;
  std::vector<pending> written;
  for (int i = 0; i < 200; ++i) {
    const std::string part(static_cast<std::size_t>(1 + i * 97 % 30'000),
                           static_cast<char>('a' + i % 26));
    sent += part;
    written.push_back(lib.main.write(c.near, part));
  }
  const pending ended = lib.main.close_write(c.near);
  const std::string got = lib.main.read_all(c.far);
  CHECK((got == sent));
  for (const pending& w : written) {
    CHECK(w.result() > 0);
  }
  CHECK(ended.result() == 0);
  CHECK(lib.main.write(c.near, "late").result() == TCP_ERR_WRITE_FAILED);
}

TEST_CASE("a write copies at once: the caller may move or reuse its bytes") {
  in_use lib;
  const half_raw c(lib.main);
  std::string data = patterned(8'000'000);
  const std::string sent = data;
  const pending written = lib.main.write(c.handle, data);
  data.assign(data.size(), 'x');
  CHECK((receive_exactly(c.peer.get(), sent.size()) == sent));
  CHECK(written.result() == 8'000'000);
}

TEST_CASE("only the part from the offset on is written") {
  in_use lib;
  const half_raw c(lib.main);
  const std::string data = "0123456789";
  const pending written = lib.main.ask([&](std::int64_t id) {
    return tcp_write(id, c.handle, reinterpret_cast<const std::uint8_t*>(data.data()), 3, 4);
  });
  CHECK(written.result() == 4);
  CHECK(receive_exactly(c.peer.get(), 4) == "3456");
}

TEST_CASE("nothing to write, or from nowhere, is -13") {
  in_use lib;
  const connection c(lib.main);
  const std::uint8_t byte = 0;
  const auto refused = [&](const std::uint8_t* data, std::int64_t offset, std::int64_t count) {
    return lib.main.refusal(
        [&](std::int64_t id) { return tcp_write(id, c.near, data, offset, count); });
  };
  CHECK(refused(nullptr, 0, 1) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused(&byte, 0, 0) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused(&byte, 0, -1) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused(&byte, -1, 1) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused(&byte, INT64_MAX, INT64_MAX) == TCP_ERR_INVALID_ARGUMENT);
}

TEST_CASE("what is not sent is limited: then a write is -12, and goes on when there is room") {
  in_use lib;
  const half_raw c(lib.main);
  const std::string block(1 << 20, 'b');
  std::vector<pending> taken;
  std::int64_t refused = 0;
  for (int i = 0; i < 300 && refused == 0; ++i) {
    const std::int64_t id = 1000 + i;
    lib.vm.expect(lib.main.port(), id);
    refused = tcp_write(id, c.handle, reinterpret_cast<const std::uint8_t*>(block.data()), 0,
                        static_cast<std::int64_t>(block.size()));
    if (refused == 0) {
      taken.push_back({&lib.vm, lib.main.port(), id});
    } else {
      lib.vm.refused(lib.main.port(), id);
    }
  }
  CHECK(refused == TCP_ERR_OUT_OF_MEMORY);
  CHECK(taken.size() < 60);
  CHECK(receive_exactly(c.peer.get(), taken.size() << 20).size() == taken.size() << 20);
  for (const pending& w : taken) {
    CHECK(w.result() == 1 << 20);
  }
  CHECK(lib.main.write(c.handle, "again").result() == 5);
}

TEST_CASE("requests outlive the thread that made them") {
  in_use lib;
  const half_raw c(lib.main);
  pending waiting;
  pending written;
  const std::string large = patterned(8'000'000);
  std::thread([&] {
    waiting = lib.main.read(c.handle);
    written = lib.main.write(c.handle, large);
  }).join();
  CHECK((receive_exactly(c.peer.get(), large.size()) == large));
  CHECK(written.result() == 8'000'000);
  REQUIRE(send_now(c.peer.get(), "still there"));
  CHECK(waiting.result() == 11);
}
