#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/io/atomic_file.hpp>
#include <weft/io/copy_file.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/io/file.hpp>
#include <weft/io/file_contents.hpp>
#include <weft/io/file_status.hpp>
#include <weft/io/file_tree.hpp>
#include <weft/io/root_directory.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/task_group.hpp>

#include "file_faults.hpp"
#include "support/file_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"

/// What the system and the user do to files, and what is no file.
namespace weft::testing {

namespace {

using io::file;
using io::file_access;
using io::file_creation;

constexpr auto poison = std::byte{0xA5};

bool is_all(std::span<const std::byte> bytes, std::byte what) {
  return std::ranges::all_of(bytes, [what](std::byte b) { return b == what; });
}

}  // namespace

TEST_CASE("a full device says so") {
  in_io([] {
    const file full = or_throw(file::open("/dev/full", {.access = file_access::write}));
    CHECK(error_of(full.write_all_at(0, "x")) == std::errc::no_space_on_device);
    CHECK(error_of(io::write_file("/dev/full", "x")) == std::errc::no_space_on_device);
    const file null = or_throw(file::open("/dev/null", {.access = file_access::read_write}));
    std::array<std::byte, 4> buffer{};
    CHECK(null.write_at(0, buffer) == 4);
    CHECK(error_of(null.read_at(0, buffer)) == errc::end_of_stream);
    const file zero = or_throw(file::open("/dev/zero"));
    CHECK(zero.read_at(0, buffer) == 4);
    CHECK(error_of(io::read_file("/dev/zero", 100'000)) == std::errc::file_too_large);
    CHECK(or_throw(io::read_file("/proc/self/status")).size() > 100);
  });
}

TEST_CASE("what has no positions is no file, and is not waited for") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "fifo";
    ::unlink(path.c_str());
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(error_of(file::open(path)) == std::errc::invalid_seek);
    CHECK(error_of(file::open(path, {.access = file_access::read_write})) ==
          std::errc::invalid_seek);
    CHECK(is_errno(error_of(file::open(path, {.access = file_access::write})), ENXIO));
    CHECK(error_of(file::open(here / "fifo/below")) == std::errc::not_a_directory);

    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const raw_handle reader(ends[0]);
    const raw_handle writer(ends[1]);
    CHECK(error_of(file::adopt(reader.get())) == std::errc::invalid_seek);
    const raw_handle directory(::open("/", O_RDONLY | O_CLOEXEC));
    CHECK(error_of(file::adopt(directory.get())) == std::errc::is_a_directory);
    CHECK(raw::is_open(directory.get()));
  });
}

TEST_CASE("a handle that is taken over keeps what it was opened for") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "adopted";
    or_throw(io::write_file(path, "text"));
    std::array<std::byte, 4> buffer{};
    const file reader =
        or_throw(file::adopt(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
    CHECK((::fcntl(reader.descriptor().native_handle(), F_GETFL) & O_NONBLOCK) == 0);
    CHECK(error_of(reader.write_at(0, buffer)) == std::errc::bad_file_descriptor);
    file appender = or_throw(file::adopt(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_APPEND)));
    CHECK(error_of(appender.read_at(0, buffer)) == std::errc::bad_file_descriptor);
    or_throw(appender.write_all("!"));
    or_throw(appender.write_all_at(0, "!"));
    CHECK(or_throw(io::read_file(path)) == "text!!");
  });
}

TEST_CASE("a new file has the permissions that were asked for, less the process's mask") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "private";
    ::unlink(path.c_str());
    const mode_t mask = ::umask(0022);
    or_throw(file::open(
        path,
        {.access = file_access::write, .create = file_creation::always_new, .permissions = 0660}));
    ::umask(mask);
    struct stat made{};
    REQUIRE(::stat(path.c_str(), &made) == 0);
    CHECK((made.st_mode & 0777) == 0640);
  });
}

TEST_CASE("a file that nobody may read is refused") {
  if (::geteuid() == 0) {
    return;  // whom nothing is refused
  }
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "secret";
    or_throw(io::write_file(path, "text"));
    REQUIRE(::chmod(path.c_str(), 0000) == 0);
    CHECK(error_of(file::open(path)) == std::errc::permission_denied);
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
  });
}

TEST_CASE("where renaming cannot refuse what exists in one step, a link does [row 120]") {
  const scratch_directory here;
  in_io([&] {
    for (const int lacking : {ENOSYS, EINVAL}) {
      or_throw(io::write_file(here / "a", "a"));
      const auto rename = [&](const char* from, const char* to) {
        const failing_calls system(call::rename, lacking);
        return error_of(io::rename(here / from, here / to, io::existing_file::refuse));
      };
      CHECK(rename("a", "b") == std::error_code());
      CHECK(names_in(here / "") == std::set<std::string>{"b"});
      or_throw(io::write_file(here / "a", "other"));
      CHECK(rename("a", "b") == std::errc::file_exists);
      CHECK(or_throw(io::read_file(here / "b")) == "a");
      CHECK(rename("none", "c") == std::errc::no_such_file_or_directory);
      REQUIRE(::mkdir((here / "directory").c_str(), 0700) == 0);
      CHECK(rename("directory", "c") == std::errc::operation_not_supported);
      REQUIRE(::rmdir((here / "directory").c_str()) == 0);
      std::filesystem::remove(here / "b");
      std::filesystem::remove(here / "a");
    }
  });
}

TEST_CASE("links at a path are replaced, not followed, and what is no file is neither [row 120]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "target", "old"));
    std::filesystem::remove(here / "link");
    std::filesystem::create_symlink("target", here / "link");
    CHECK(or_throw(io::symlink_status(here / "link")).type == std::filesystem::file_type::symlink);
    CHECK(or_throw(io::status(here / "link")).type == std::filesystem::file_type::regular);
    or_throw(io::replace_file(here / "link", "new"));
    CHECK(or_throw(io::read_file(here / "target")) == "old");
    CHECK(or_throw(io::symlink_status(here / "link")).type == std::filesystem::file_type::regular);
    std::filesystem::remove(here / "fifo");
    REQUIRE(::mkfifo((here / "fifo").c_str(), 0600) == 0);
    CHECK(error_of(io::copy_file(here / "fifo", here / "copy")) == std::errc::invalid_seek);
    CHECK(or_throw(io::status(here / "fifo")).type == std::filesystem::file_type::fifo);
    CHECK(or_throw(io::status("/dev/null")).type == std::filesystem::file_type::character);
    std::filesystem::remove(here / "copy");
    CHECK(or_throw(io::copy_file("/proc/self/status", here / "copy")) > 100);
    CHECK(names_in(here / "") == std::set<std::string>{"copy", "fifo", "link", "target"});
  });
}

TEST_CASE("each error of a call on a symbolic link is what the system said [row 118]") {
  const scratch_directory here;
  in_io([&] {
    const auto numbers = {EACCES, EDQUOT, EIO, ELOOP, ENOENT, ENOSPC, ENOTDIR, EPERM, EROFS};
    expect_errors(call::link, numbers, [&] {
      const auto error = error_of(io::create_symlink("target", here / "link"));
      if (!error) {
        or_throw(io::remove(here / "link"));
      }
      return error;
    });
    or_throw(io::create_symlink("target", here / "link"));
    expect_errors(call::resolve_path, numbers,
                  [&] { return error_of(io::read_symlink(here / "link")); });
    or_throw(io::remove(here / "link"));
  });
}

TEST_CASE(
    "where the system cannot keep a path inside that is said, and other errors are its own [row "
    "120]") {
  const scratch_directory here;
  in_io([&] {
    or_throw(io::write_file(here / "file", "text"));
    const auto root = or_throw(io::root_directory::open(here / ""));
    {
      const failing_calls system(call::open_file, ENOSYS);
      CHECK(error_of(root.open_file("file")) == std::errc::operation_not_supported);
    }
    {
      const failing_calls system(call::open_file, EAGAIN, 5);
      CHECK(root.open_file("file").has_value());
      CHECK(system.calls() == 6);
    }
    const auto numbers = {EACCES, ELOOP, EMFILE, ENFILE, ENOENT, ENOMEM, EXDEV};
    expect_errors(call::open_file, numbers, [&] { return error_of(root.open_file("file")); });
    expect_errors(call::open_file, numbers,
                  [&] { return error_of(io::root_directory::open(here / "")); });
  });
}

TEST_CASE("reads from the device are given up or not, but leave the buffer alone afterwards") {
  const scratch_directory here;
  in_io([&] {
    constexpr std::size_t block = 16 * 1024;
    constexpr std::size_t blocks = 128;
    const file f = make_file(here / "cold");
    for (std::size_t i = 0; i < blocks; ++i) {
      or_throw(f.write_all_at(i * block, std::string(block, static_cast<char>(i))));
    }
    or_throw(f.sync());
    task_group readers;
    for (std::size_t i = 0; i < 16; ++i) {
      readers.spawn([&, i] {
        std::vector<std::vector<std::byte>> dead;
        for (std::size_t round = 0; round < rounds(40); ++round) {
          const std::size_t which = (round * 37 + i * 11) % blocks;
          // Out of memory with it, as far as the system likes to.
          ::posix_fadvise(f.descriptor().native_handle(), static_cast<off_t>(which * block), block,
                          POSIX_FADV_DONTNEED);
          std::vector<std::byte> buffer(block, poison);
          auto reader = spawn([&] { return f.read_at(which * block, buffer); });
          for (std::size_t turn = 0; turn < round % 4; ++turn) {
            yield();
          }
          reader.cancel();
          const auto n = reader.join();
          if (n) {
            CHECK(is_all(std::span(buffer).first(*n), static_cast<std::byte>(which)));
          } else {
            CHECK(n.error() == errc::operation_canceled);
          }
          std::ranges::fill(buffer, poison);
          dead.push_back(std::move(buffer));
        }
        CHECK(std::ranges::all_of(
            dead, [](const std::vector<std::byte>& buffer) { return is_all(buffer, poison); }));
      });
    }
    CHECK(readers.wait().has_value());
  });
}

}  // namespace weft::testing
