#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/file.hpp>
#include <weft/io/file_contents.hpp>

#include "file_faults.hpp"
#include "support/file_fixture.hpp"
#include "support/scratch.hpp"

/// The system misbehaves where files are concerned.
namespace weft::testing {

namespace {

using io::file;
using io::file_access;
using io::file_creation;

file empty_file(const std::string& path) {
  return or_throw(
      file::open(path, {.access = file_access::read_write, .create = file_creation::truncate}));
}

/// Transfers move at most so many bytes while it lives.
class short_transfers {
 public:
  explicit short_transfers(std::size_t most) {
    limit = most;
    detail::sys::inject(&answer);
  }
  ~short_transfers() { detail::sys::inject(nullptr); }
  short_transfers(const short_transfers&) = delete;
  short_transfers& operator=(const short_transfers&) = delete;

 private:
  static detail::sys::fault answer(call which, int, std::size_t) noexcept {
    const bool moves = which == call::read || which == call::write;
    return {.limit = moves ? limit.load() : SIZE_MAX};
  }

  static inline std::atomic<std::size_t> limit{0};
};

}  // namespace

TEST_CASE("each error of a call on a file is what the system said [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const file f = empty_file(here / "errors");
    or_throw(f.write_all_at(0, "text"));
    std::array<std::byte, 4> buffer{};
    const std::array<std::span<std::byte>, 2> in{std::span(buffer).first(2),
                                                 std::span(buffer).last(2)};
    expect_errors(call::read, {EIO, EINVAL, ENOMEM, EOVERFLOW, EISDIR},
                  [&] { return error_of(f.read_at(0, buffer)); });
    expect_errors(call::read, {EIO}, [&] { return error_of(f.read_vectored_at(0, in)); });
    expect_errors(call::write, {EIO, ENOSPC, EDQUOT, EFBIG, EPERM, EROFS, EINVAL},
                  [&] { return error_of(f.write_at(0, buffer)); });
    expect_errors(call::sync_file, {EIO, ENOSPC, EDQUOT, EROFS, EINVAL},
                  [&] { return error_of(f.sync()); });
    expect_errors(call::sync_file, {EIO}, [&] { return error_of(f.sync_data()); });
    expect_errors(call::resize_file, {EFBIG, EIO, EPERM, EINVAL, EROFS},
                  [&] { return error_of(f.resize(4)); });
    expect_errors(call::file_size, {EIO, ENOMEM, EOVERFLOW}, [&] { return error_of(f.size()); });
    CHECK(or_throw(io::read_file(here / "errors")).size() == 4);
  });
}

TEST_CASE("each error of opening a file is what the system said [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "opened";
    const int before = open_descriptors();
    expect_errors(call::open_file,
                  {EACCES, EDQUOT, EEXIST, EISDIR, ELOOP, EMFILE, ENFILE, ENAMETOOLONG, ENODEV,
                   ENOENT, ENOMEM, ENOSPC, ENOTDIR, ENXIO, EPERM, EROFS, ETXTBSY},
                  [&] {
                    return error_of(file::open(
                        path, {.access = file_access::write, .create = file_creation::if_missing}));
                  });
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("a read or write that cannot be made now is made again, or by the pool") {
  const scratch_directory here;
  in_io([&] {
    // On Windows a file is of one worker's port. A fiber that had moved to another would have the
    // pool make the call at once, and so meet there what only a call that does not wait answers.
    auto stays = spawn({.pinned = true}, [&] {
      const file f = empty_file(here / "again");
      or_throw(f.write_all_at(0, "text"));
      std::array<std::byte, 4> buffer{};
      {
        const failing_calls system(call::read, EAGAIN);
        CHECK(f.read_at(0, buffer) == 4);
      }
      for (const int error : {EAGAIN, EOPNOTSUPP}) {
        if (io::current_backend() == io::backend_kind::io_uring) {
          const failing_calls system(call::write, error);
          CHECK(f.write_at(0, buffer) == 4);
          CHECK(system.calls() == 2);
        }
      }
    });
    or_throw(stays.join());
  });
}

TEST_CASE("a system that moves a few bytes at a time costs nothing but time") {
  const scratch_directory here;
  in_io([&] {
    const file f = empty_file(here / "short");
    const std::string text = "as much as it likes";
    std::string got(text.size(), '.');
    const std::array<std::span<const std::byte>, 3> out{bytes_of(""), bytes_of("warp"),
                                                        bytes_of("weft")};
    const std::array<std::span<std::byte>, 2> in{bytes_of(got).first(1), bytes_of(got).subspan(1)};
    {
      const short_transfers few(3);
      or_throw(f.write_all_at(0, text));
      or_throw(f.read_exact_at(0, bytes_of(got)));
      CHECK(got == text);
      CHECK(f.write_vectored_at(0, out) == 3);
      CHECK(f.read_vectored_at(0, in) == 1);
      or_throw(io::append_file(here / "short", "!"));
      CHECK(or_throw(io::read_file(here / "short")) == "war" + text.substr(3) + "!");
    }
  });
}

}  // namespace weft::testing
