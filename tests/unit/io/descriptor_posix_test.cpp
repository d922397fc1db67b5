#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <weft/io/descriptor.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/raw_pipes.hpp"

/// Descriptors of what is no socket, and a buffer larger than memory: Wine touches all of one.
namespace weft::testing {

namespace {

result<std::size_t> move(const io::descriptor& handle, io::opcode code, void* data,
                         std::size_t size) {
  io::operation op{.code = code, .data = data, .size = size};
  return handle.perform(op);
}

}  // namespace

TEST_CASE("eventfds and pipes are read and written at their current position") {
  in_io([] {
    const io::descriptor event = adopt(raw_handle(::eventfd(0, EFD_CLOEXEC)));
    std::uint64_t count = 0;
    auto reader = spawn([&] { return move(event, io::opcode::read, &count, sizeof count); });
    (void)sleep_for(settle_time);
    std::uint64_t three = 3;
    CHECK(move(event, io::opcode::write, &three, sizeof three) == sizeof three);
    CHECK(or_throw(reader.join()) == sizeof count);
    CHECK(count == 3);

    raw_pair ends = pipe_pair();
    const io::descriptor in = adopt(std::move(ends.near));
    io::descriptor out = adopt(std::move(ends.far));
    std::string text = "through a pipe";
    CHECK(move(out, io::opcode::write, text.data(), text.size()) == text.size());
    std::string got(text.size(), '.');
    CHECK(move(in, io::opcode::read, got.data(), got.size()) == text.size());
    CHECK(got == text);
    out.close();
    CHECK(move(in, io::opcode::read, got.data(), got.size()) == 0);
  });
}

#if SIZE_MAX > UINT32_MAX
TEST_CASE("a buffer larger than a system call can take is filled as far as it goes") {
  constexpr std::size_t huge = (std::size_t{1} << 32) + 4096;
  void* const room = ::mmap(nullptr, huge, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(room != MAP_FAILED);
  for (const std::size_t size : {std::size_t{1} << 32, huge, huge - 1}) {
    in_io([&] {
      raw_pair ends = tcp_pair();
      const io::descriptor near = adopt(std::move(ends.near));
      for (int i = 0; i < 2; ++i) {
        auto reader = spawn([&] { return move(near, io::opcode::receive, room, size); });
        (void)sleep_for(settle_time);
        CHECK(send_now(ends.far.get(), "word"));
        CHECK(or_throw(reader.join()) == 4);
        CHECK(std::memcmp(room, "word", 4) == 0);
      }
    });
  }
  ::munmap(room, huge);
}
#endif

}  // namespace weft::testing
