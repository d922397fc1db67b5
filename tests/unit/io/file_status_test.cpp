#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/file_contents.hpp>
#include <weft/io/file_status.hpp>
#include <weft/runtime/explain.hpp>

#include "support/file_fixture.hpp"
#include "support/scratch.hpp"
#include "support/stuck_pool.hpp"

namespace weft::testing {

namespace {

using io::file;
using std::filesystem::file_type;
using std::filesystem::perms;

constexpr perms to_write = perms::owner_write | perms::group_write | perms::others_write;

bool is_about(wall_time time, wall_time expected) {
  return std::chrono::abs(time - expected) < 10min;
}

bool may_write(const io::file_status& what) {
  return (what.permissions & perms::owner_write) != perms::none;
}

}  // namespace

TEST_CASE(
    "the status of a path and of an open file is the same, and tells what is there [row 117]") {
  const scratch_directory here;
  const std::string path = here / "five";
  in_io([&] {
    or_throw(io::write_file(path, "five!"));
    const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(wall_clock::now());
    const auto at_path = or_throw(io::status(path));
    CHECK(at_path.type == file_type::regular);
    CHECK(at_path.size == 5);
    CHECK(at_path.links == 1);
    CHECK(may_write(at_path));
    CHECK(is_about(at_path.accessed, now));
    CHECK(is_about(at_path.modified, now));
    CHECK(is_about(at_path.changed, now));
    if (at_path.created) {
      CHECK(is_about(*at_path.created, now));
    }
    const file open = or_throw(file::open(path));
    const auto of_open = or_throw(io::status(open));
    CHECK(of_open.is_same_file(at_path));
    CHECK(of_open.type == at_path.type);
    CHECK(of_open.size == at_path.size);
    CHECK(of_open.permissions == at_path.permissions);
    CHECK(of_open.modified == at_path.modified);

    const auto directory = or_throw(io::status(here / "."));
    CHECK(directory.type == file_type::directory);
    CHECK_FALSE(directory.is_same_file(at_path));
  });
}

TEST_CASE("a large file's size and a second name are told [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "large";
    const file large = make_file(path);
    or_throw(large.resize(5'000'000'000));
    CHECK(or_throw(io::status(path)).size == 5'000'000'000);
    CHECK(or_throw(io::status(large)).size == 5'000'000'000);
    std::filesystem::create_hard_link(path, here / "again");
    CHECK(or_throw(io::status(large)).links == 2);
    CHECK(or_throw(io::status(here / "again")).is_same_file(or_throw(io::status(path))));
    std::filesystem::remove(here / "again");
  });
}

TEST_CASE("permissions are set by path and by handle [row 117]") {
  const scratch_directory here;
  const std::string path = here / "permissions";
  in_io([&] {
    const file open = make_file(path);
    const perms before = or_throw(io::status(path)).permissions;
    or_throw(io::set_permissions(path, before & ~to_write));
    CHECK(or_throw(io::status(path)).permissions == (before & ~to_write));
    CHECK_FALSE(may_write(or_throw(io::status(open))));
    or_throw(io::set_permissions(open, before));
    CHECK(or_throw(io::status(path)).permissions == before);
  });
}

TEST_CASE("times are set by path and by handle, both, or one of them [row 117]") {
  const scratch_directory here;
  const std::string path = here / "times";
  in_io([&] {
    using std::chrono::sys_days;
    using std::chrono::year;
    // After all others and to come, or opening the file, which in Wine reads it, would move it.
    const wall_time then = sys_days(year(2101) / 2 / 3) + 4h + 5min + 6s + 700ms;
    const wall_time earlier = sys_days(year(1969) / 12 / 31) + 12h + 500ms;
    const wall_time late = sys_days(year(2100) / 1 / 1) + 1ms;
    const file open = make_file(path);
    or_throw(io::set_times(path, {.accessed = then, .modified = late}));
    CHECK(or_throw(io::status(path)).accessed == then);
    CHECK(or_throw(io::status(open)).modified == late);
    or_throw(io::set_times(open, {.modified = earlier}));
    CHECK(or_throw(io::status(path)).accessed == then);
    CHECK(or_throw(io::status(path)).modified == earlier);
    or_throw(io::set_times(path, {.accessed = then + 1s}));
    CHECK(or_throw(io::status(path)).accessed == then + 1s);
    CHECK(or_throw(io::status(path)).modified == earlier);
    or_throw(io::set_times(path, {}));
    CHECK(or_throw(io::status(path)).modified == earlier);
  });
}

TEST_CASE("a status that cannot be had names the path [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const std::string missing = here / "none";
    const std::vector<std::error_code> errors{
        error_of(io::status(missing)), error_of(io::symlink_status(missing)),
        error_of(io::set_permissions(missing, perms::owner_read)),
        error_of(io::set_times(missing, {.accessed = wall_time()}))};
    for (const std::error_code& error : errors) {
      CHECK(error == std::errc::no_such_file_or_directory);
    }
    const auto error = error_of(io::status(missing));
    CHECK(explain(error).starts_with("stat " + missing + ": "));
    or_throw(io::write_file(here / "file", ""));
    CHECK(error_of(io::status(here / "file/below")) != std::error_code());
    const std::string with_zero("a\0b", 3);
    CHECK(error_of(io::status(with_zero)) == std::errc::invalid_argument);
    CHECK(error_of(io::set_permissions(with_zero, perms::none)) == std::errc::invalid_argument);
    file closed = make_file(here / "file");
    closed.close();
    CHECK(error_of(io::status(closed)) == errc::closed);
    CHECK(error_of(io::set_permissions(closed, perms::all)) == errc::closed);
    CHECK(error_of(io::set_times(closed, {})) == errc::closed);
  });
}

TEST_CASE(
    "calls about a file's status time out and are cancelled, and have had no effect [row 117]") {
  const scratch_directory here;
  const std::string path = here / "kept";
  const file open = make_file(path);
  while_pool_is_stuck([&] {
    const io::file_times other{.accessed = wall_time(1s), .modified = wall_time(1s)};
    check_gives_up_in_pool([&] { return io::status(path); });
    check_gives_up_in_pool([&] { return io::status(open); });
    check_gives_up_in_pool([&] { return io::symlink_status(path); });
    check_gives_up_in_pool([&] { return io::set_permissions(path, perms::owner_read); });
    check_gives_up_in_pool([&] { return io::set_permissions(open, perms::owner_read); });
    check_gives_up_in_pool([&] { return io::set_times(path, other); });
    check_gives_up_in_pool([&] { return io::set_times(open, other); });
  });
  const auto after = or_throw(io::status(path));
  CHECK(may_write(after));
  CHECK(after.modified > wall_time(1s));
}

TEST_CASE("plain threads ask for a status as fibers do [row 117]") {
  const scratch_directory here;
  std::thread user([&] {
    const std::string path = here / "thread";
    or_throw(io::write_file(path, "text"));
    CHECK(or_throw(io::status(path)).size == 4);
    CHECK(or_throw(io::symlink_status(path)).type == file_type::regular);
    or_throw(io::set_times(path, {.modified = wall_time(1s)}));
    CHECK(or_throw(io::status(path)).modified == wall_time(1s));
    cancel_scope scope;
    scope.cancel();
    CHECK(error_of(io::status(path)) == errc::operation_canceled);
  });
  user.join();
}

}  // namespace weft::testing
