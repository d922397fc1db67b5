#include <filesystem>
#include <set>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <weft/io/copy_file.hpp>
#include <weft/io/file_contents.hpp>
#include <weft/io/file_status.hpp>

#include "support/file_fixture.hpp"
#include "support/scratch.hpp"
#include "support/stuck_pool.hpp"

namespace weft::testing {

namespace {

using io::existing_file;
using names = std::set<std::string>;

std::string sample(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>(i % 251);
  }
  return text;
}

}  // namespace

TEST_CASE("files of all sizes are copied [row 119]") {
  const scratch_directory here;
  in_io([&] {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{300'000}, (std::size_t{33} << 20) + 7}) {
      const std::string text = sample(size);
      or_throw(io::write_file(here / "from", text));
      CHECK(io::copy_file(here / "from", here / "to") == size);
      CHECK(or_throw(io::read_file(here / "to")) == text);
      std::filesystem::remove(here / "to");
    }
    CHECK(names_in(here / "") == names{"from"});
  });
}

TEST_CASE("what is there is kept or replaced, and a file can be copied onto itself [row 119]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "from", "new"));
    or_throw(io::write_file(here / "to", "older"));
    CHECK(error_of(io::copy_file(here / "from", here / "to")) == std::errc::file_exists);
    CHECK(or_throw(io::read_file(here / "to")) == "older");
    const io::copy_file_options over{.existing = existing_file::replace, .durable = true};
    CHECK(io::copy_file(here / "from", here / "to", over) == 3U);
    CHECK(or_throw(io::read_file(here / "to")) == "new");
    CHECK(io::copy_file(here / "from", here / "from", over) == 3U);
    CHECK(or_throw(io::read_file(here / "from")) == "new");
    CHECK(names_in(here / "") == names{"from", "to"});
    std::filesystem::remove(here / "to");
  });
}

TEST_CASE("a copy has the permissions of what was copied [row 119]") {
  const scratch_directory here;
  in_io([&] {
    using std::filesystem::perms;
    or_throw(io::write_file(here / "from", "text"));
    or_throw(io::set_permissions(here / "from", perms::owner_read));
    or_throw(io::copy_file(here / "from", here / "to"));
    CHECK(or_throw(io::status(here / "to")).permissions ==
          or_throw(io::status(here / "from")).permissions);
    for (const auto* name : {"from", "to"}) {
      or_throw(io::set_permissions(here / name, perms::owner_write | perms::owner_read));
      std::filesystem::remove(here / name);
    }
  });
}

TEST_CASE("what cannot be copied leaves nothing [row 119]") {
  const scratch_directory here;
  in_io([&] {
    CHECK(error_of(io::copy_file(here / "none", here / "to")) ==
          std::errc::no_such_file_or_directory);
    CHECK(error_of(io::copy_file(here / "", here / "to")) == std::errc::is_a_directory);
    or_throw(io::write_file(here / "from", "text"));
    CHECK(error_of(io::copy_file(here / "from", here / "")) == std::errc::is_a_directory);
    CHECK(error_of(io::copy_file(here / "from", here / "no/to")) ==
          std::errc::no_such_file_or_directory);
    {
      cancel_scope scope;
      scope.cancel();
      CHECK(error_of(io::copy_file(here / "from", here / "to")) == errc::operation_canceled);
      const timeout_scope over(0s);
      CHECK(error_of(io::copy_file(here / "from", here / "to")) == errc::operation_canceled);
    }
    CHECK(names_in(here / "") == names{"from"});
  });
}

TEST_CASE("a copy that waits for the pool times out and is cancelled [row 119]") {
  const scratch_directory here;
  or_throw(io::write_file(here / "from", "text"));
  while_pool_is_stuck(
      [&] { check_gives_up_in_pool([&] { return io::copy_file(here / "from", here / "to"); }); });
  CHECK(names_in(here / "") == names{"from"});
}

TEST_CASE("plain threads copy files as fibers do [row 119]") {
  const scratch_directory here;
  std::thread user([&] {
    or_throw(io::write_file(here / "from", "text"));
    CHECK(io::copy_file(here / "from", here / "to") == 4U);
    CHECK(or_throw(io::read_file(here / "to")) == "text");
  });
  user.join();
}

}  // namespace weft::testing
