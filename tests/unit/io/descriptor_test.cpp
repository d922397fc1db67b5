#include <array>
#include <atomic>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <sys/uio.h>

#include <weft/io/descriptor.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"

namespace weft::testing {

namespace {

using raw::is_open;

result<std::size_t> move(const io::descriptor& handle, io::opcode code, void* data,
                         std::size_t size) {
  io::operation op{.code = code, .data = data, .size = size};
  return handle.perform(op);
}

std::error_code wait_for(const io::descriptor& handle, io::opcode code) {
  return error_of(move(handle, code, nullptr, 0));
}

}  // namespace

TEST_CASE("a handle that is adopted becomes non-blocking, and is closed at the end") {
  int fd = -1;
  {
    raw_pair ends = tcp_pair();
    fd = ends.near.get();
    const io::descriptor handle = adopt(std::move(ends.near));
    CHECK(handle.is_open());
    CHECK(handle.native_handle() == fd);
    char byte = 0;
    CHECK(raw::receive_as_set(fd, &byte, 1) < 0);
  }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("what is no handle cannot be adopted") {
  CHECK(error_of(io::descriptor::adopt(-1)) == std::errc::bad_file_descriptor);
}

TEST_CASE("an empty descriptor is closed, to every call") {
  io::descriptor none;
  CHECK_FALSE(none.is_open());
  CHECK(none.native_handle() == -1);
  CHECK(none.release() == -1);
  CHECK(none.surrender() == -1);
  CHECK_FALSE(none.borrow());
  CHECK(none.borrow().native_handle() == -1);
  CHECK(wait_for(none, io::opcode::wait_readable) == errc::closed);
  io::operation op{.code = io::opcode::wait_readable};
  CHECK(error_of(none.try_perform(op)) == errc::closed);
  none.close();
}

TEST_CASE("moving a descriptor moves the handle; assigning closes what was there") {
  raw_pair one = local_pair();
  raw_pair two = local_pair();
  const int first = one.near.get();
  const int second = two.near.get();
  io::descriptor a = adopt(std::move(one.near));
  io::descriptor b = adopt(std::move(two.near));
  io::descriptor c = std::move(a);
  CHECK_FALSE(a.is_open());  // NOLINT(bugprone-use-after-move)
  CHECK(c.native_handle() == first);
  c = std::move(b);
  CHECK_FALSE(is_open(first));
  CHECK(c.native_handle() == second);
  auto& same = c;
  c = std::move(same);
  CHECK(c.native_handle() == second);
}

TEST_CASE("a released handle stays open and is the caller's") {
  raw_pair ends = local_pair();
  const int fd = ends.near.get();
  io::descriptor handle = adopt(std::move(ends.near));
  const raw_handle back(handle.release());
  CHECK(back.get() == fd);
  CHECK_FALSE(handle.is_open());
  CHECK(is_open(fd));
}

TEST_CASE(
    "a handle that is surrendered stays open, and whoever waits on it is told that it has gone") {
  in_io([] {
    raw_pair ends = local_pair();
    const int fd = ends.near.get();
    io::descriptor handle = adopt(std::move(ends.near));
    join_handle<std::error_code> waiter =
        spawn([&] { return wait_for(handle, io::opcode::wait_readable); });
    (void)sleep_for(settle_time);
    {
      const raw_handle back(handle.surrender());
      CHECK(back.get() == fd);
      CHECK_FALSE(handle.is_open());
      CHECK(handle.surrender() == -1);
      handle.close();
      CHECK(is_open(fd));
    }
    CHECK(waiter.join() == errc::closed);
  });
}

TEST_CASE("a socket is read and written as any other handle is") {
  in_io([] {
    raw_pair ends = local_pair();
    const io::descriptor in = adopt(std::move(ends.near));
    io::descriptor out = adopt(std::move(ends.far));
    std::string text = "word";
    std::string got(text.size(), '.');
    auto reader = spawn([&] { return move(in, io::opcode::read, got.data(), got.size()); });
    (void)sleep_for(settle_time);
    CHECK(move(out, io::opcode::write, text.data(), text.size()) == text.size());
    CHECK(or_throw(reader.join()) == text.size());
    CHECK(got == text);
    out.close();
    CHECK(move(in, io::opcode::read, got.data(), got.size()) == 0);
  });
}

TEST_CASE("messages keep their boundaries and are awaited") {
  in_io([] {
    int ends[2] = {-1, -1};
    REQUIRE(raw::pair(SOCK_DGRAM, ends));
    const io::descriptor near = adopt(raw_handle(ends[0]));
    const io::descriptor far = adopt(raw_handle(ends[1]));
    std::string first = "first";
    std::string room(64, '.');
    iovec in{.iov_base = room.data(), .iov_len = room.size()};
    iovec out{.iov_base = first.data(), .iov_len = first.size()};
    msghdr incoming{};
    incoming.msg_iov = &in;
    incoming.msg_iovlen = 1;
    msghdr outgoing{};
    outgoing.msg_iov = &out;
    outgoing.msg_iovlen = 1;
    auto receiver = spawn([&] { return move(near, io::opcode::receive_message, &incoming, 0); });
    (void)sleep_for(settle_time);
    CHECK(move(far, io::opcode::send_message, &outgoing, 0) == first.size());
    CHECK(or_throw(receiver.join()) == first.size());
    CHECK(room.starts_with(first));
  });
}

TEST_CASE("waiting for readiness takes nothing, and ends with the other side") {
  in_io([] {
    raw_pair ends = local_pair();
    const io::descriptor near = adopt(std::move(ends.near));
    CHECK(wait_for(near, io::opcode::wait_writable) == std::error_code());
    auto waiter = spawn([&] { return wait_for(near, io::opcode::wait_readable); });
    (void)sleep_for(settle_time);
    CHECK(send_now(ends.far.get(), "word"));
    CHECK(or_throw(waiter.join()) == std::error_code());
    CHECK(wait_for(near, io::opcode::wait_readable) == std::error_code());
    std::array<char, 8> buffer;
    CHECK(move(near, io::opcode::receive, buffer.data(), buffer.size()) == 4);
    auto other = spawn([&] { return wait_for(near, io::opcode::wait_readable); });
    (void)sleep_for(settle_time);
    ends.far.close();
    CHECK(or_throw(other.join()) == std::error_code());
  });
}

TEST_CASE("try_perform() never waits [row 94]") {
  raw_pair ends = local_pair();
  const io::descriptor near = adopt(std::move(ends.near));
  io::operation op{.code = io::opcode::wait_readable};
  CHECK(error_of(near.try_perform(op)) == std::errc::operation_would_block);
  CHECK(send_now(ends.far.get(), "word"));
  CHECK(near.try_perform(op));
}

TEST_CASE("a lease keeps the handle open: close() waits for it") {
  in_io([] {
    raw_pair ends = local_pair();
    io::descriptor near = adopt(std::move(ends.near));
    const int fd = near.native_handle();
    std::atomic<bool> lent{true};
    join_handle<void> closer;
    {
      const auto lease = near.borrow();
      CHECK(lease);
      CHECK(lease.native_handle() == fd);
      closer = spawn([&] {
        near.close();
        CHECK_FALSE(lent);
      });
      (void)sleep_for(settle_time);
      CHECK_FALSE(closer.finished());
      CHECK_FALSE(near.is_open());
      CHECK_FALSE(near.borrow());
      CHECK(is_open(fd));
      lent = false;
    }
    CHECK(closer.join());
    CHECK_FALSE(is_open(fd));
  });
}

TEST_CASE("every closer returns only when the handle is closed") {
  in_io([] {
    raw_pair ends = local_pair();
    io::descriptor near = adopt(std::move(ends.near));
    const int fd = near.native_handle();
    std::array<join_handle<bool>, 4> closers;
    {
      const auto lease = near.borrow();
      for (auto& closer : closers) {
        closer = spawn([&] {
          near.close();
          return is_open(fd);
        });
      }
      (void)sleep_for(settle_time);
      for (const auto& closer : closers) {
        CHECK_FALSE(closer.finished());
      }
    }
    for (auto& closer : closers) {
      CHECK_FALSE(or_throw(closer.join()));
    }
  });
}

}  // namespace weft::testing
