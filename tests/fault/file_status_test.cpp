#include <cerrno>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <weft/io/file_status.hpp>

#include "file_faults.hpp"
#include "support/file_fixture.hpp"
#include "support/scratch.hpp"

/// The system misbehaves where a file's status is concerned.
namespace weft::testing {

TEST_CASE("each error of a call about a file's status is what the system said [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "status";
    const io::file open = make_file(path);
    const auto writable = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
    const auto both = {EACCES, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW};
    expect_errors(call::file_status, both, [&] { return error_of(io::status(path)); });
    expect_errors(call::file_status, both, [&] { return error_of(io::symlink_status(path)); });
    expect_errors(call::file_status, {EIO, ENOMEM, EOVERFLOW},
                  [&] { return error_of(io::status(open)); });
    const auto changes = {EACCES, EIO, ENOENT, EPERM, EROFS};
    expect_errors(call::set_permissions, changes,
                  [&] { return error_of(io::set_permissions(path, writable)); });
    expect_errors(call::set_permissions, changes,
                  [&] { return error_of(io::set_permissions(open, writable)); });
    const io::file_times times{.modified = wall_time()};
    expect_errors(call::set_times, changes, [&] { return error_of(io::set_times(path, times)); });
    expect_errors(call::set_times, changes, [&] { return error_of(io::set_times(open, times)); });
  });
}

}  // namespace weft::testing
