#include <cerrno>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include <weft/io/directory.hpp>
#include <weft/io/file_contents.hpp>
#include <weft/io/file_tree.hpp>

#include "file_faults.hpp"
#include "support/file_fixture.hpp"
#include "support/scratch.hpp"

/// The system misbehaves where directories and links are concerned.
namespace weft::testing {

TEST_CASE("each error of making and removing is what the system said [row 118]") {
  const scratch_directory here;
  in_io([&] {
    const auto remake = [&](auto make) {
      const auto error = error_of(make());
      if (!error) {
        or_throw(io::remove_all(here / "new"));
      }
      return error;
    };
    const auto numbers = {EACCES, EDQUOT, EIO,     ELOOP, EMLINK,
                          ENOENT, ENOSPC, ENOTDIR, EPERM, EROFS};
    expect_errors(call::make_directory, numbers,
                  [&] { return remake([&] { return io::create_directory(here / "new"); }); });
    expect_errors(call::make_directory, numbers, [&] {
      return remake([&] { return io::create_directories(here / "new/below"); });
    });
    or_throw(io::write_file(here / "file", "text"));
    expect_errors(call::link, numbers, [&] {
      return remake([&] { return io::create_hard_link(here / "file", here / "new"); });
    });
    const auto in_the_way = {EACCES, EBUSY, EIO, ENOENT, ENOTEMPTY, EPERM, EROFS};
    expect_errors(call::remove, in_the_way, [&] {
      or_throw(io::write_file(here / "new", "text"));
      return error_of(io::remove(here / "new"));
    });
    expect_errors(call::remove, in_the_way, [&] {
      or_throw(io::write_file(here / "new", "text"));
      return error_of(io::remove_all(here / "new"));
    });
    expect_errors(call::resolve_path, {EACCES, EIO, ELOOP, ENAMETOOLONG, ENOENT},
                  [&] { return error_of(io::real_path(here / "file")); });
    or_throw(io::remove(here / "file"));
    CHECK(names_in(here / "").empty());
  });
}

TEST_CASE("each error of listing is what the system said, and it ends there [row 118]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "file", "text"));
    expect_errors(call::list_directory, {EACCES, EIO, EMFILE, ENFILE, ENOMEM, ENOTDIR},
                  [&] { return error_of(io::directory::open(here / "")); });
    auto all = or_throw(io::directory::open(here / ""));
    const failing_calls system(call::list_directory, EIO);
    CHECK(is_errno(error_of(all.next()), EIO));
    CHECK(is_errno(error_of(all.next()), EIO));
    CHECK(system.calls() == 1);
  });
}

}  // namespace weft::testing
