#include <future>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <weft/io/file_contents.hpp>
#include <weft/io/file_lock.hpp>
#include <weft/sync/task_group.hpp>

#include "support/ends_of_wait.hpp"
#include "support/file_fixture.hpp"
#include "support/scratch.hpp"

namespace weft::testing {

namespace {

using io::file;
using io::lock_mode;

}  // namespace

TEST_CASE("a lock keeps others from locking, until it ends [row 120]") {
  const scratch_directory here;
  in_io([&] {
    file one = make_file(here / "locked");
    const file two = make_file(here / "locked");
    or_throw(io::try_lock_file(one));
    CHECK(error_of(io::try_lock_file(two)) == std::errc::operation_would_block);
    CHECK(error_of(io::try_lock_file(two, lock_mode::shared)) == std::errc::operation_would_block);
    or_throw(io::unlock_file(one));
    or_throw(io::lock_file(two));
    CHECK(error_of(io::try_lock_file(one)) == std::errc::operation_would_block);
    or_throw(io::unlock_file(two));
    or_throw(io::lock_file(one));
    one.close();
    or_throw(io::try_lock_file(two));
  });
}

TEST_CASE("shared locks go together, and not with an exclusive one [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const file one = make_file(here / "shared");
    const file two = make_file(here / "shared");
    const file three = make_file(here / "shared");
    or_throw(io::lock_file(one, lock_mode::shared));
    or_throw(io::try_lock_file(two, lock_mode::shared));
    CHECK(error_of(io::try_lock_file(three)) == std::errc::operation_would_block);
    or_throw(io::unlock_file(one));
    CHECK(error_of(io::try_lock_file(three)) == std::errc::operation_would_block);
    or_throw(io::unlock_file(two));
    or_throw(io::try_lock_file(three));
  });
}

TEST_CASE("who waits for a lock gets it when it is free, and only one does [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "counter";
    or_throw(io::write_file(path, "0"));
    task_group counters;
    for (int i = 0; i < 4; ++i) {
      counters.spawn([&]() -> result<void> {
        for (std::size_t round = 0; round < rounds(10); ++round) {
          const file mine = make_file(path);
          or_throw(io::lock_file(mine));
          const int count = std::stoi(text_of(mine));
          or_throw(mine.write_all_at(0, std::to_string(count + 1)));
        }
        return {};
      });
    }
    or_throw(counters.wait());
    CHECK(or_throw(io::read_file(path)) == std::to_string(4 * rounds(10)));
  });
}

TEST_CASE("a lock hinders nobody from reading and writing [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const file one = make_file(here / "open");
    const file two = make_file(here / "open");
    or_throw(io::lock_file(one));
    or_throw(two.write_all_at(0, "text"));
    CHECK(text_of(two) == "text");
    or_throw(two.resize(0));
  });
}

TEST_CASE("a wait for a lock times out, is cancelled, and ends with the file [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const file owner = make_file(here / "taken");
    file other = make_file(here / "taken");
    or_throw(io::lock_file(owner));
    for (const auto mode : {lock_mode::exclusive, lock_mode::shared}) {
      check_gives_up([&] { return io::lock_file(other, mode); });
    }
    check_ends_of_wait([&] { return io::lock_file(other); }, [&] { other.close(); });
    CHECK(error_of(io::try_lock_file(other)) == errc::closed);
    CHECK(error_of(io::unlock_file(other)) == errc::closed);
    {
      cancel_scope scope;
      scope.cancel();
      or_throw(io::unlock_file(owner));
      CHECK(error_of(io::lock_file(owner)) == errc::operation_canceled);
      or_throw(io::try_lock_file(owner));
    }
  });
}

TEST_CASE("plain threads lock as fibers do [row 120]") {
  const scratch_directory here;
  const file owner = make_file(here / "thread");
  or_throw(io::lock_file(owner));
  std::promise<void> timed_out;
  std::thread user([&] {
    const file other = make_file(here / "thread");
    {
      const timeout_scope limit(5ms);
      CHECK(error_of(io::lock_file(other)) == errc::timed_out);
    }
    timed_out.set_value();
    or_throw(io::lock_file(other));
  });
  timed_out.get_future().wait();
  or_throw(io::unlock_file(owner));
  user.join();
}

}  // namespace weft::testing
