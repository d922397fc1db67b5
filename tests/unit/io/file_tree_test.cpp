#include <filesystem>
#include <set>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <weft/io/file_contents.hpp>
#include <weft/io/file_status.hpp>
#include <weft/io/file_tree.hpp>
#include <weft/runtime/explain.hpp>

#include "support/file_fixture.hpp"
#include "support/scratch.hpp"
#include "support/stuck_pool.hpp"

namespace weft::testing {

namespace {

using names = std::set<std::string>;

/// Whether there are symbolic links here.
bool links_exist(const scratch_directory& here) {
  const auto error = error_of(io::create_symlink("anything", here / "probe"));
  if (error) {
    CHECK(error == std::errc::operation_not_supported);
    return false;
  }
  or_throw(io::remove(here / "probe"));
  return true;
}

}  // namespace

TEST_CASE("directories are made, with all above them or alone [row 118]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::create_directory(here / "one"));
    CHECK(std::filesystem::is_directory(here / "one"));
    const auto error = error_of(io::create_directory(here / "one"));
    CHECK(error == std::errc::file_exists);
    CHECK(explain(error).starts_with("create directory " + here / "one" + ": "));
    CHECK(error_of(io::create_directory(here / "a/b")) == std::errc::no_such_file_or_directory);
    CHECK(io::create_directories(here / "a/b/c") == true);
    CHECK(io::create_directories(here / "a/b/c") == false);
    CHECK(std::filesystem::is_directory(here / "a/b/c"));
    or_throw(io::write_file(here / "file", ""));
    CHECK(error_of(io::create_directories(here / "file/below")) != std::error_code());
    CHECK(error_of(io::create_directory(here / "file")) == std::errc::file_exists);
    CHECK(io::remove_all(here / "a") == 3U);
    or_throw(io::remove(here / "one"));
    or_throw(io::remove(here / "file"));
    CHECK(names_in(here / "").empty());
  });
}

TEST_CASE("files, directories and trees are removed [row 118]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::create_directories(here / "tree/below"));
    or_throw(io::write_file(here / "tree/below/file", "text"));
    or_throw(io::write_file(here / "tree/file", "text"));
    CHECK(error_of(io::remove(here / "tree")) == std::errc::directory_not_empty);
    CHECK(io::remove_all(here / "tree") == 4U);
    CHECK(io::remove_all(here / "tree") == 0U);
    const auto error = error_of(io::remove(here / "tree"));
    CHECK(error == std::errc::no_such_file_or_directory);
    CHECK(explain(error).starts_with("remove " + here / "tree" + ": "));
    CHECK(names_in(here / "").empty());
  });
}

TEST_CASE("a hard link is the same file [row 118]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "file", "text"));
    or_throw(io::create_hard_link(here / "file", here / "again"));
    CHECK(or_throw(io::status(here / "file")).is_same_file(or_throw(io::status(here / "again"))));
    CHECK(error_of(io::create_hard_link(here / "file", here / "again")) == std::errc::file_exists);
    CHECK(error_of(io::create_hard_link(here / "none", here / "other")) ==
          std::errc::no_such_file_or_directory);
    or_throw(io::remove(here / "file"));
    CHECK(or_throw(io::read_file(here / "again")) == "text");
    or_throw(io::remove(here / "again"));
  });
}

TEST_CASE("symbolic links are made, read, followed and removed, or not supported [row 118]") {
  const scratch_directory here;
  in_io([&] {
    if (!links_exist(here)) {
      CHECK(error_of(io::read_symlink(here / "")) == std::errc::operation_not_supported);
      return;
    }
    or_throw(io::create_directories(here / "outside"));
    or_throw(io::create_directories(here / "tree"));
    or_throw(io::write_file(here / "outside/file", "text"));
    or_throw(io::create_symlink("../outside", here / "tree/link"));
    CHECK(io::read_symlink(here / "tree/link") == "../outside");
    CHECK(or_throw(io::read_file(here / "tree/link/file")) == "text");
    CHECK(io::real_path(here / "tree/./link/../outside/file") ==
          std::filesystem::canonical(here / "outside/file"));
    CHECK(error_of(io::create_symlink("x", here / "tree/link")) == std::errc::file_exists);
    CHECK(error_of(io::read_symlink(here / "tree")) == std::errc::invalid_argument);
    CHECK(io::remove_all(here / "tree") == 2U);
    CHECK(names_in(here / "outside") == names{"file"});
    or_throw(io::create_symlink("round", here / "round"));
    CHECK(error_of(io::real_path(here / "round")) == std::errc::too_many_symbolic_link_levels);
    or_throw(io::remove(here / "round"));
    or_throw(io::remove_all(here / "outside"));
  });
}

TEST_CASE("the real path is absolute and leads to what is there [row 118]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "file", "text"));
    const auto real = or_throw(io::real_path(here / "./file"));
    CHECK(real.is_absolute());
    CHECK(real.filename() == "file");
    CHECK(std::filesystem::equivalent(real, here / "file"));
    const auto error = error_of(io::real_path(here / "none"));
    CHECK(error == std::errc::no_such_file_or_directory);
    CHECK(explain(error).starts_with("resolve " + here / "none" + ": "));
  });
}

TEST_CASE("no path has a zero in it [row 118]") {
  const std::string path("a\0b", 3);
  in_io([&] {
    for (const auto error :
         {error_of(io::create_directory(path)), error_of(io::create_directories(path)),
          error_of(io::remove(path)), error_of(io::remove_all(path)),
          error_of(io::create_hard_link(path, "b")), error_of(io::create_symlink("b", path)),
          error_of(io::read_symlink(path)), error_of(io::real_path(path))}) {
      CHECK(error == std::errc::invalid_argument);
    }
  });
}

TEST_CASE("calls on trees time out and are cancelled, and have had no effect [row 118]") {
  const scratch_directory here;
  or_throw(io::create_directories(here / "tree/below"));
  while_pool_is_stuck([&] {
    check_gives_up_in_pool([&] { return io::create_directory(here / "new"); });
    check_gives_up_in_pool([&] { return io::create_directories(here / "new"); });
    check_gives_up_in_pool([&] { return io::remove(here / "tree/below"); });
    check_gives_up_in_pool([&] { return io::remove_all(here / "tree"); });
    check_gives_up_in_pool([&] { return io::create_hard_link(here / "tree", here / "new"); });
    check_gives_up_in_pool([&] { return io::create_symlink(here / "tree", here / "new"); });
    check_gives_up_in_pool([&] { return io::read_symlink(here / "tree"); });
    check_gives_up_in_pool([&] { return io::real_path(here / "tree"); });
  });
  CHECK(names_in(here / "") == names{"tree"});
  CHECK(names_in(here / "tree") == names{"below"});
}

TEST_CASE("plain threads make and remove trees as fibers do [row 118]") {
  const scratch_directory here;
  std::thread user([&] {
    CHECK(io::create_directories(here / "a/b") == true);
    CHECK(io::remove_all(here / "a") == 2U);
  });
  user.join();
}

}  // namespace weft::testing
