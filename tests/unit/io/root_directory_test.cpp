#include <filesystem>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <support/emulator.hpp>

#include <weft/io/file_contents.hpp>
#include <weft/io/file_tree.hpp>
#include <weft/io/rename.hpp>
#include <weft/io/root_directory.hpp>
#include <weft/runtime/explain.hpp>

#include "support/file_fixture.hpp"
#include "support/scratch.hpp"
#include "support/stuck_pool.hpp"

namespace weft::testing {

namespace {

using io::file_access;
using io::file_creation;
using io::root_directory;

// Kernels before 5.6 do not have it either, and open_file() is refused there.
const bool without_openat2 = under_qemu();

/// A root with something in it, and a secret beside it.
void furnish(const scratch_directory& here) {
  or_throw(io::create_directories(here / "root/below"));
  or_throw(io::write_file(here / "secret", "secret"));
  or_throw(io::write_file(here / "root/file", "text"));
  or_throw(io::create_symlink("../file", here / "root/below/inside"));
  or_throw(io::create_symlink("../secret", here / "root/outside"));
  or_throw(io::create_symlink(here / "secret", here / "root/absolute"));
  or_throw(io::create_symlink("..", here / "root/up"));
}

}  // namespace

TEST_CASE(
    "a file beneath a directory may be opened direct, and stays so where it is taken over "
    "[row 120]") {
  const scratch_directory here;
  furnish(here);
  in_io([&] {
    const auto root = or_throw(root_directory::open(here / "root"));
    auto opened = root.open_file("file", {.direct = true});
    if (error_of(opened) == std::errc::operation_not_supported) {
      MESSAGE("not tested: this file system has no direct access");
      return;
    }
    const std::size_t block = opened->direct_alignment();
    CHECK(block > 1);
    CHECK(or_throw(io::file::adopt(opened->release())).direct_alignment() == block);
    CHECK(or_throw(root.open_file("file")).direct_alignment() == 1);
  });
}

TEST_CASE("files beneath a directory are opened, made, and found through links [row 120]" *
          doctest::skip(without_openat2)) {
  const scratch_directory here;
  furnish(here);
  in_io([&] {
    const auto root = or_throw(root_directory::open(here / "root"));
    CHECK(text_of(or_throw(root.open_file("file"))) == "text");
    CHECK(text_of(or_throw(root.open_file("below/../file"))) == "text");
    CHECK(text_of(or_throw(root.open_file("below/inside"))) == "text");
    const io::file_options anew{.access = file_access::read_write,
                                .create = file_creation::always_new,
                                .permissions = 0600};
    const auto made = or_throw(root.open_file("below/new", anew));
    or_throw(made.write_all_at(0, "new"));
    CHECK(or_throw(io::read_file(here / "root/below/new")) == "new");
    CHECK(error_of(root.open_file("below/new", anew)) == std::errc::file_exists);
    or_throw(io::remove(here / "root/below/new"));
    // Wherever it is moved.
    or_throw(io::rename(here / "root", here / "moved"));
    CHECK(text_of(or_throw(root.open_file("file"))) == "text");
    or_throw(io::rename(here / "moved", here / "root"));
  });
}

TEST_CASE("no path leads out of a root directory [row 120]" * doctest::skip(without_openat2)) {
  const scratch_directory here;
  furnish(here);
  in_io([&] {
    const auto root = or_throw(root_directory::open(here / "root"));
    for (const std::string path : {"../secret", "below/../../secret", "outside", "absolute",
                                   "up/secret", "/etc/passwd", "../root/file"}) {
      const auto error = error_of(root.open_file(path));
      CHECK_MESSAGE(error == std::errc::cross_device_link, path, ": ", error.message());
      CHECK(explain(error).starts_with("open " + path + ": "));
    }
    CHECK(error_of(root.open_file(
              "../new", {.access = file_access::write, .create = file_creation::if_missing})) ==
          std::errc::cross_device_link);
    CHECK_FALSE(std::filesystem::exists(here / "new"));
  });
}

TEST_CASE("what cannot be opened beneath a directory is told [row 120]" *
          doctest::skip(without_openat2)) {
  const scratch_directory here;
  furnish(here);
  in_io([&] {
    CHECK(error_of(root_directory::open(here / "none")) == std::errc::no_such_file_or_directory);
    CHECK(error_of(root_directory::open(here / "secret")) == std::errc::not_a_directory);
    CHECK(error_of(root_directory::open(std::string("\0", 1))) == std::errc::invalid_argument);
    auto root = or_throw(root_directory::open(here / "root"));
    CHECK(error_of(root.open_file("none")) == std::errc::no_such_file_or_directory);
    CHECK(error_of(root.open_file("below")) == std::errc::is_a_directory);
    CHECK(error_of(root.open_file(std::string("a\0b", 3))) == std::errc::invalid_argument);
    CHECK(error_of(root.open_file("file", {.create = file_creation::truncate})) ==
          std::errc::invalid_argument);
    const auto moved = std::move(root);
    CHECK(error_of(root.open_file("file")) == errc::closed);  // NOLINT(bugprone-use-after-move)
  });
}

TEST_CASE(
    "opening beneath a directory times out and is cancelled, and plain threads can [row 120]") {
  const scratch_directory here;
  furnish(here);
  const auto root = or_throw(root_directory::open(here / "root"));
  while_pool_is_stuck([&] {
    check_gives_up_in_pool([&] { return root_directory::open(here / "root"); });
    check_gives_up_in_pool([&] {
      return root.open_file("new",
                            {.access = file_access::write, .create = file_creation::if_missing});
    });
  });
  CHECK_FALSE(std::filesystem::exists(here / "root/new"));
  if (!without_openat2) {
    std::thread user([&] { CHECK(text_of(or_throw(root.open_file("file"))) == "text"); });
    user.join();
  }
}

TEST_CASE("where the system cannot keep a path beneath a directory nothing is opened [row 120]" *
          doctest::skip(!without_openat2)) {
  const scratch_directory here;
  furnish(here);
  in_io([&] {
    const auto root = or_throw(root_directory::open(here / "root"));
    CHECK(error_of(root.open_file("file")) == std::errc::operation_not_supported);
  });
}

}  // namespace weft::testing
