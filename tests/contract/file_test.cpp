#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <weft/io/file.hpp>
#include <weft/sync/task_group.hpp>

#include "support/io_fixture.hpp"
#include "support/scratch.hpp"

/// Files, on every backend: what is read is what was written, whatever ends the calls before their
/// time, and the caller's memory is its own again once the call has returned.
namespace weft::testing {

namespace {

using io::file;

constexpr auto poison = std::byte{0xA5};
constexpr std::size_t block = 4096;
constexpr std::size_t blocks = 64;

file new_file(const scratch_directory& here) {
  return or_throw(file::open(here / "file", {.access = io::file_access::read_write,
                                             .create = io::file_creation::truncate}));
}

/// What block `number` holds after it was written for the nth time.
std::vector<std::byte> contents_of(std::size_t number, std::size_t nth) {
  return std::vector<std::byte>(block, static_cast<std::byte>(number * 31 + nth * 7));
}

/// Whether all of the bytes are one and the same.
bool is_even(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [&](std::byte b) { return b == bytes.front(); });
}

bool was_given_up(std::error_code error) {
  return error == errc::timed_out || error == errc::operation_canceled;
}

duration moment(std::size_t round) {
  return std::chrono::microseconds(round * 37 % 300);
}

}  // namespace

TEST_CASE("many fibers read and write a file at once, each its own part [row 121]") {
  const scratch_directory here;
  run_everywhere([&] {
    const file f = new_file(here);
    task_group users;
    for (std::size_t i = 0; i < blocks; ++i) {
      users.spawn([&f, i]() -> result<void> {
        std::vector<std::byte> got(block);
        for (std::size_t nth = 0; nth < rounds(5); ++nth) {
          const auto written = contents_of(i, nth);
          if (auto done = f.write_all_at(i * block, written); !done) {
            return done;
          }
          if (auto done = f.read_exact_at(i * block, got); !done) {
            return done;
          }
          CHECK(got == written);
        }
        return {};
      });
    }
    CHECK(users.wait().has_value());
    CHECK(f.size() == blocks * block);
    CHECK(f.sync().has_value());
  });
}

TEST_CASE("calls on files that time out are not made or have been, and leave the buffer alone") {
  const scratch_directory here;
  run_everywhere([&] {
    const file f = new_file(here);
    for (std::size_t i = 0; i < blocks; ++i) {
      or_throw(f.write_all_at(i * block, contents_of(i, 0)));
    }
    task_group users;
    for (std::size_t i = 0; i < 8; ++i) {
      users.spawn([&f, i] {
        std::vector<std::vector<std::byte>> dead;
        for (std::size_t round = 0; round < rounds(60); ++round) {
          std::vector<std::byte> buffer = contents_of(i, round);
          const bool writes = round % 3 == 0;
          const timeout_scope limit(moment(round + i));
          const auto n = writes ? f.write_at(i * block, buffer) : f.read_at(i * block, buffer);
          if (n) {
            CHECK(is_even(std::span(buffer).first(*n)));
          } else {
            CHECK(was_given_up(n.error()));
          }
          std::ranges::fill(buffer, poison);
          dead.push_back(std::move(buffer));
        }
        const shield until_looked_at;
        CHECK(std::ranges::all_of(dead, [](const std::vector<std::byte>& buffer) {
          return buffer.front() == poison && is_even(buffer);
        }));
        std::vector<std::byte> got(block);
        CHECK(f.read_exact_at(i * block, got).has_value());
        CHECK(is_even(got));
      });
    }
    CHECK(users.wait().has_value());
  });
}

TEST_CASE("a fiber that uses a file can be cancelled at any time") {
  const scratch_directory here;
  run_everywhere([&] {
    const file f = new_file(here);
    for (std::size_t round = 0; round < rounds(40); ++round) {
      auto user = spawn([&]() -> result<void> {
        const auto written = contents_of(1, round);
        std::vector<std::byte> got(block);
        for (;;) {
          if (auto done = f.write_all_at(0, written); !done) {
            return done;
          }
          if (auto done = f.sync_data(); !done) {
            return done;
          }
          if (auto done = f.read_exact_at(0, got); !done) {
            return done;
          }
          CHECK(got == written);
        }
      });
      (void)sleep_for(moment(round));
      user.cancel();
      CHECK(error_of(user.join()) == errc::operation_canceled);
    }
  });
}

TEST_CASE("closing a file ends the calls on it, or waits for them") {
  const scratch_directory here;
  run_everywhere([&] {
    for (std::size_t round = 0; round < rounds(20); ++round) {
      file f = new_file(here);
      task_group users;
      for (std::size_t i = 0; i < 4; ++i) {
        users.spawn([&f, i] {
          const auto written = contents_of(i, 1);
          result<void> done;
          while (done) {
            done = f.write_all_at(i * block, written);
            done = done ? f.sync_data() : done;
          }
          CHECK(done.error() == errc::closed);
        });
      }
      (void)sleep_for(moment(round));
      f.close();
      CHECK(users.wait().has_value());
    }
  });
}

TEST_CASE("a file is used by fibers of one runtime after another") {
  const scratch_directory here;
  file f;
  for (const setting& where : settings({1, 2})) {
    in_fiber(
        [&] {
          if (!f.is_open()) {
            f = new_file(here);
          }
          const auto written = contents_of(3, 3);
          std::vector<std::byte> got(block);
          CHECK(f.write_all_at(block, written).has_value());
          CHECK(f.read_exact_at(block, got).has_value());
          CHECK(got == written);
          CHECK(f.sync().has_value());
        },
        or_throw(io::with_io(where.options())));
  }
  f.close();
}

}  // namespace weft::testing
