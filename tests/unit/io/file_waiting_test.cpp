#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/file.hpp>
#include <weft/sync/task_group.hpp>

#include "support/file_fixture.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"
#include "support/stuck_pool.hpp"

namespace weft::testing {

namespace {

using io::file;
using io::file_access;
using io::file_creation;

}  // namespace

TEST_CASE("close() waits for those who are inside, and each has moved all or nothing") {
  const scratch_directory here;
  in_io([&] {
    for (std::size_t round = 0; round < rounds(20); ++round) {
      file f = make_file(here / "closing");
      task_group users;
      for (std::size_t i = 0; i < 8; ++i) {
        users.spawn([&, i]() -> result<void> {
          const std::string text(1000, static_cast<char>('a' + i));
          for (;;) {
            const auto done = f.write_all_at(i * text.size(), text);
            if (!done) {
              CHECK(done.error() == errc::closed);
              return {};
            }
            std::string got(text.size(), '.');
            if (const auto read = f.read_exact_at(i * text.size(), bytes_of(got)); read) {
              CHECK(got == text);
            } else {
              CHECK(read.error() == errc::closed);
            }
          }
        });
      }
      (void)sleep_for(std::chrono::microseconds(200 * round));
      f.close();
      or_throw(users.wait());
    }
  });
}

TEST_CASE("in a cancelled scope no call is made, and a shield lets it [row 117]") {
  const scratch_directory here;
  in_io([&] {
    file f = make_file(here / "cancelled");
    or_throw(f.write_all_at(0, "text"));
    {
      cancel_scope scope;
      scope.cancel();
      CHECK(all_are(errors_of_all(f), errc::operation_canceled));
      CHECK(error_of(file::open(here / "cancelled")) == errc::operation_canceled);
      const shield until_done;
      CHECK(text_of(f) == "text");
    }
    {
      const timeout_scope over(0s);
      CHECK(all_are(errors_of_all(f), errc::timed_out));
    }
    CHECK(text_of(f) == "text");
  });
}

TEST_CASE("a call that waits for the pool times out and is cancelled, and has had no effect") {
  const scratch_directory here;
  const file f = make_file(here / "stuck");
  or_throw(f.write_all_at(0, "text"));
  while_pool_is_stuck([&] {
    const auto begin = clock::now();
    {
      const timeout_scope limit(20ms);
      CHECK(error_of(f.resize(0)) == errc::timed_out);
      CHECK(error_of(file::open(here / "other", {.access = file_access::write,
                                                 .create = file_creation::always_new})) ==
            errc::timed_out);
    }
    CHECK(clock::now() - begin < promptly);
    check_gives_up_in_pool([&f] { return f.resize(0); });
  });
  CHECK(text_of(f) == "text");
  CHECK_FALSE(std::filesystem::exists(here / "other"));
}

TEST_CASE("plain threads use files as fibers do") {
  const scratch_directory here;
  std::thread user([&] {
    file f = make_file(here / "thread");
    or_throw(f.write_all("by a thread"));
    or_throw(f.sync());
    CHECK(text_of(f) == "by a thread");
    {
      cancel_scope scope;
      scope.cancel();
      CHECK(all_are(errors_of_all(f), errc::operation_canceled));
    }
    f.close();
    CHECK(all_are(errors_of_all(f), errc::closed));
  });
  user.join();
}

TEST_CASE("a runtime without I/O uses files all the same") {
  const scratch_directory here;
  in_fiber([&] {
    file f = make_file(here / "pool");
    or_throw(f.write_all("by the pool"));
    CHECK(text_of(f) == "by the pool");
  });
}

}  // namespace weft::testing
