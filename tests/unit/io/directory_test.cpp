#include <filesystem>
#include <map>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <weft/io/directory.hpp>
#include <weft/io/file_contents.hpp>
#include <weft/runtime/explain.hpp>

#include "support/file_fixture.hpp"
#include "support/scratch.hpp"
#include "support/stuck_pool.hpp"

namespace weft::testing {

namespace {

using io::directory;
using std::filesystem::file_type;
using listing = std::map<std::string, file_type>;

listing rest_of(directory& from) {
  listing all;
  for (;;) {
    const auto entry = from.next();
    if (!entry) {
      CHECK(entry.error() == errc::end_of_stream);
      return all;
    }
    CHECK(all.emplace(entry->name.string(), entry->type).second);
  }
}

listing list(const std::string& path) {
  auto opened = or_throw(directory::open(path));
  return rest_of(opened);
}

}  // namespace

TEST_CASE("each entry of a directory comes once, with its kind [row 118]") {
  const scratch_directory here;
  or_throw(io::write_file(here / "file", "text"));
  std::filesystem::create_directory(here / "below");
  or_throw(io::write_file(here / "below/hidden", "text"));
  in_io([&] {
    CHECK(list(here / "") ==
          listing{{"below", file_type::directory}, {"file", file_type::regular}});
    CHECK(list(here / "below") == listing{{"hidden", file_type::regular}});
  });
}

TEST_CASE("an empty directory ends at once and a large one is read in parts [row 118]") {
  const scratch_directory here;
  constexpr int many = 1000;
  std::filesystem::create_directory(here / "empty");
  std::filesystem::create_directory(here / "large");
  listing expected;
  for (int i = 0; i < many; ++i) {
    or_throw(io::write_file(here / ("large/" + std::to_string(i)), ""));
    expected.emplace(std::to_string(i), file_type::regular);
  }
  in_io([&] {
    auto empty = or_throw(directory::open(here / "empty"));
    CHECK(error_of(empty.next()) == errc::end_of_stream);
    CHECK(error_of(empty.next()) == errc::end_of_stream);
    CHECK(list(here / "large") == expected);
    // One that is not read to its end.
    auto left = or_throw(directory::open(here / "large"));
    CHECK(left.next().has_value());
  });
}

TEST_CASE("what cannot be listed is told [row 118]") {
  const scratch_directory here;
  or_throw(io::write_file(here / "file", "text"));
  in_io([&] {
    const auto error = error_of(directory::open(here / "none"));
    CHECK(error == std::errc::no_such_file_or_directory);
    CHECK(explain(error).starts_with("list " + here / "none" + ": "));
    CHECK(error_of(directory::open(here / "file")) == std::errc::not_a_directory);
    CHECK(error_of(directory::open(std::string("\0", 1))) == std::errc::invalid_argument);
  });
}

TEST_CASE("listing goes on after a time-out and a cancellation [row 118]") {
  const scratch_directory here;
  or_throw(io::write_file(here / "file", "text"));
  auto opened = or_throw(directory::open(here / ""));
  while_pool_is_stuck([&] {
    check_gives_up_in_pool([&] { return directory::open(here / ""); });
    check_gives_up_in_pool([&] { return opened.next(); });
  });
  CHECK(rest_of(opened) == listing{{"file", file_type::regular}});
}

TEST_CASE("plain threads list directories as fibers do [row 118]") {
  const scratch_directory here;
  or_throw(io::write_file(here / "file", "text"));
  std::thread user([&] { CHECK(list(here / "").size() == 1); });
  user.join();
}

}  // namespace weft::testing
