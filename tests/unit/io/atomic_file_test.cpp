#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include <weft/io/atomic_file.hpp>
#include <weft/io/file_contents.hpp>
#include <weft/io/file_status.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/sync/task_group.hpp>

#include "support/file_fixture.hpp"
#include "support/scratch.hpp"
#include "support/stuck_pool.hpp"

namespace weft::testing {

namespace {

using io::atomic_file;
using io::existing_file;
using std::filesystem::perms;
using names = std::set<std::string>;

}  // namespace

TEST_CASE("a file is replaced as a whole, when that is committed [row 120]") {
  const scratch_directory here;
  const std::string path = here / "config";
  in_io([&] {
    or_throw(io::write_file(path, "old"));
    auto next = or_throw(atomic_file::create(path));
    or_throw(next.contents().write_all("new and longer"));
    CHECK(or_throw(io::read_file(path)) == "old");
    or_throw(next.commit());
    CHECK(or_throw(io::read_file(path)) == "new and longer");
    CHECK(error_of(next.commit()) == errc::closed);
    CHECK(names_in(here / "") == names{"config"});
    or_throw(io::replace_file(path, "in one call"));
    or_throw(io::replace_file(here / "other", "", {.durable = false}));
    CHECK(or_throw(io::read_file(path)) == "in one call");
    CHECK(or_throw(io::read_file(here / "other")).empty());
    std::filesystem::remove(here / "other");
  });
}

TEST_CASE("what is not committed leaves nothing behind, whatever the scope around it [row 120]") {
  const scratch_directory here;
  const std::string path = here / "kept";
  in_io([&] {
    or_throw(io::write_file(path, "old"));
    {
      auto dropped = or_throw(atomic_file::create(path));
      or_throw(dropped.contents().write_all("new"));
      auto moved = std::move(dropped);
      CHECK(names_in(here / "").size() == 2);
    }
    CHECK(names_in(here / "") == names{"kept"});
    auto discarded = or_throw(atomic_file::create(path));
    discarded.discard();
    CHECK(error_of(discarded.commit()) == errc::closed);
    discarded = or_throw(atomic_file::create(path));
    discarded = or_throw(atomic_file::create(path));
    CHECK(names_in(here / "").size() == 2);
    {
      cancel_scope scope;
      auto cancelled = or_throw(atomic_file::create(path));
      scope.cancel();
      CHECK(error_of(cancelled.commit()) == errc::operation_canceled);
      CHECK(error_of(atomic_file::create(path)) == errc::operation_canceled);
      CHECK(error_of(io::replace_file(path, "new")) == errc::operation_canceled);
      discarded.discard();
    }
    CHECK(names_in(here / "") == names{"kept"});
    CHECK(or_throw(io::read_file(path)) == "old");
  });
}

TEST_CASE("what is there is refused, also if it came in between [row 120]") {
  const scratch_directory here;
  const std::string path = here / "taken";
  in_io([&] {
    auto late = or_throw(atomic_file::create(path, {.existing = existing_file::refuse}));
    or_throw(late.contents().write_all("late"));
    or_throw(io::write_file(path, "first"));
    CHECK(error_of(late.commit()) == std::errc::file_exists);
    const auto error = error_of(io::replace_file(path, "x", {.existing = existing_file::refuse}));
    CHECK(error == std::errc::file_exists);
    CHECK(explain(error).starts_with("replace " + path + ": "));
    CHECK(or_throw(io::read_file(path)) == "first");
    std::filesystem::remove(path);
    or_throw(late.commit());
    CHECK(or_throw(io::read_file(path)) == "late");
    std::filesystem::remove(path);
    CHECK(names_in(here / "").empty());
  });
}

TEST_CASE("of many that would make the same file one does [row 120]") {
  const scratch_directory here;
  in_io([&] {
    for (std::size_t round = 0; round < rounds(20); ++round) {
      const std::string path = here / std::to_string(round);
      int made = 0;
      task_group rivals;
      for (int i = 0; i < 4; ++i) {
        rivals.spawn([&]() -> result<void> {
          return io::replace_file(path, "x", {.existing = existing_file::refuse, .durable = false});
        });
      }
      made = rivals.wait().has_value() ? 4 : 1;
      CHECK(made == 1);
      CHECK(or_throw(io::read_file(path)) == "x");
      std::filesystem::remove(path);
    }
    CHECK(names_in(here / "").empty());
  });
}

TEST_CASE("whoever reads finds the old or the new, never a part [row 120]") {
  const scratch_directory here;
  const std::string path = here / "whole";
  in_io([&] {
    or_throw(io::write_file(path, std::string(100'000, 'a')));
    auto writer = spawn([&] {
      for (std::size_t i = 0; i < rounds(30); ++i) {
        const std::string text(100'000, static_cast<char>('a' + i % 26));
        // Windows replaces no file that is open.
        while (!io::replace_file(path, text, {.durable = false})) {
          or_throw(sleep_for(100us));
        }
      }
    });
    while (!writer.finished()) {
      const std::string got = or_throw(io::read_file(path));
      CHECK(got == std::string(100'000, got.front()));
    }
    or_throw(writer.join());
    CHECK(names_in(here / "") == names{"whole"});
  });
}

TEST_CASE(
    "a file keeps its permissions when it is replaced, and others can be asked for [row 120]") {
  const scratch_directory here;
  const std::string path = here / "private";
  in_io([&] {
    or_throw(io::write_file(path, "old"));
    const perms any_new = or_throw(io::status(path)).permissions;
    const perms owners = perms::owner_read | perms::owner_write;
    or_throw(io::set_permissions(path, owners));
    const perms before = or_throw(io::status(path)).permissions;
    or_throw(io::replace_file(path, "new"));
    CHECK(or_throw(io::status(path)).permissions == before);
    or_throw(io::replace_file(path, "open", {.permissions = any_new}));
    CHECK(or_throw(io::status(path)).permissions == any_new);
    std::filesystem::remove(path);
    or_throw(io::replace_file(path, "anew"));
    CHECK(or_throw(io::status(path)).permissions == any_new);
  });
}

TEST_CASE("where no file can be made that is told [row 120]") {
  const scratch_directory here;
  in_io([&] {
    std::filesystem::create_directory(here / "directory");
    CHECK(error_of(io::replace_file(here / "directory", "x")) == std::errc::is_a_directory);
    CHECK(error_of(io::replace_file(here / "directory/", "x")) == std::errc::is_a_directory);
    CHECK(error_of(io::replace_file(here / "no/file", "x")) ==
          std::errc::no_such_file_or_directory);
    CHECK(error_of(io::replace_file(std::string("a\0b", 3), "x")) == std::errc::invalid_argument);
    CHECK(names_in(here / "") == names{"directory"});
    std::filesystem::remove(here / "directory");
  });
}

TEST_CASE("what is renamed replaces what is there, or is refused [row 120]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "a", "a"));
    or_throw(io::write_file(here / "b", "b"));
    const auto error = error_of(io::rename(here / "a", here / "b", existing_file::refuse));
    CHECK(error == std::errc::file_exists);
    CHECK(explain(error).starts_with("rename " + here / "a" + " to " + here / "b" + ": "));
    CHECK(or_throw(io::read_file(here / "b")) == "b");
    or_throw(io::rename(here / "a", here / "b"));
    CHECK(or_throw(io::read_file(here / "b")) == "a");
    or_throw(io::rename(here / "b", here / "c", existing_file::refuse));
    CHECK(names_in(here / "") == names{"c"});
    CHECK(error_of(io::rename(here / "a", here / "b")) == std::errc::no_such_file_or_directory);
    std::filesystem::create_directory(here / "from");
    or_throw(io::rename(here / "from", here / "to"));
    CHECK(std::filesystem::is_directory(here / "to"));
    CHECK(error_of(io::rename(std::string("\0", 1), here / "x")) == std::errc::invalid_argument);
    std::filesystem::remove(here / "to");
    std::filesystem::remove(here / "c");
  });
}

TEST_CASE("calls that replace files time out and are cancelled, and have had no effect [row 120]") {
  const scratch_directory here;
  const std::string path = here / "kept";
  or_throw(io::write_file(path, "old"));
  auto next = or_throw(atomic_file::create(path, {.durable = false}));
  while_pool_is_stuck([&] {
    check_gives_up_in_pool([&] { return io::rename(path, here / "b"); });
    check_gives_up_in_pool([&] { return atomic_file::create(path); });
    check_gives_up_in_pool([&] { return next.commit(); });
  });
  CHECK(or_throw(io::read_file(path)) == "old");
  or_throw(next.commit());
  CHECK(names_in(here / "") == names{"kept"});
  CHECK(or_throw(io::read_file(path)).empty());
}

TEST_CASE("plain threads replace files as fibers do [row 120]") {
  const scratch_directory here;
  std::thread user([&] {
    const std::string path = here / "thread";
    or_throw(io::replace_file(path, "text"));
    CHECK(or_throw(io::read_file(path)) == "text");
    (void)or_throw(atomic_file::create(path));
    or_throw(io::rename(path, here / "renamed"));
    CHECK(names_in(here / "") == names{"renamed"});
  });
  user.join();
}

}  // namespace weft::testing
