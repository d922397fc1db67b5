#include <cerrno>

#include <doctest/doctest.h>

#include <weft/io/file_lock.hpp>

#include "file_faults.hpp"
#include "support/file_fixture.hpp"
#include "support/scratch.hpp"

/// The system misbehaves where locks are concerned.
namespace weft::testing {

TEST_CASE("each error of locking is what the system said [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const io::file open = make_file(here / "locked");
    const auto numbers = {EBADF, EINVAL, EIO, ENOLCK, EOPNOTSUPP};
    expect_errors(call::lock_file, numbers, [&] {
      const auto error = error_of(io::lock_file(open));
      if (!error) {
        or_throw(io::unlock_file(open));
      }
      return error;
    });
    expect_errors(call::lock_file, numbers, [&] {
      const auto error = error_of(io::try_lock_file(open));
      if (!error) {
        or_throw(io::unlock_file(open));
      }
      return error;
    });
    or_throw(io::lock_file(open));
    const failing_calls system(call::lock_file, EIO);
    CHECK(is_errno(error_of(io::unlock_file(open)), EIO));
  });
}

TEST_CASE("a lock that others have for a while is waited for [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const io::file open = make_file(here / "busy");
    const failing_calls system(call::lock_file, EWOULDBLOCK, 6);
    CHECK(error_of(io::try_lock_file(open)) == std::errc::operation_would_block);
    or_throw(io::lock_file(open));
    CHECK(system.calls() == 7);
  });
}

}  // namespace weft::testing
