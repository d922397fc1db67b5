#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/file.hpp>
#include <weft/io/file_contents.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/task_group.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"

/// The system and the user misbehave where files are concerned.
namespace weft::testing {

namespace {

using detail::sys::call;
using io::file;
using io::file_access;
using io::file_creation;

file make_file(const std::string& path) {
  return or_throw(
      file::open(path, {.access = file_access::read_write, .create = file_creation::truncate}));
}

bool is_errno(std::error_code error, int number) {
  return error == std::error_code(number, std::system_category());
}

/// The first so many calls of a kind fail while it lives. Other workers ask, too.
class failing_calls {
 public:
  failing_calls(call kind, int number, int count = 1) {
    which = kind;
    error = number;
    times = count;
    seen = 0;
    detail::sys::inject(&answer);
  }
  ~failing_calls() { detail::sys::inject(nullptr); }
  failing_calls(const failing_calls&) = delete;
  failing_calls& operator=(const failing_calls&) = delete;

  int calls() const { return seen; }

 private:
  static detail::sys::fault answer(call made, int, std::size_t) noexcept {
    const bool fails = made == which && seen++ < times;
    return {.error = fails ? error.load() : 0};
  }

  static inline std::atomic<call> which{};
  static inline std::atomic<int> error{0};
  static inline std::atomic<int> times{0};
  static inline std::atomic<int> seen{0};
};

/// Each error once: is the outcome; interrupted calls are repeated and succeed.
template <class Call>
void expect_errors(call which, std::initializer_list<int> numbers, Call make_call) {
  for (const int number : numbers) {
    std::error_code error;
    {
      const failing_calls system(which, number);
      error = make_call();
      CHECK(system.calls() >= 1);
    }
    CHECK_MESSAGE(is_errno(error, number), error.message(), " for ", number);
  }
  const failing_calls system(which, EINTR, 3);
  CHECK(make_call() == std::error_code());
  CHECK(system.calls() > 3);
}

constexpr auto poison = std::byte{0xA5};

bool is_all(std::span<const std::byte> bytes, std::byte what) {
  return std::ranges::all_of(bytes, [what](std::byte b) { return b == what; });
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
    const file f = make_file(here / "errors");
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

TEST_CASE("a read or write that the backend cannot make now is made by the pool") {
  const scratch_directory here;
  in_io([&] {
    const file f = make_file(here / "again");
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
}

TEST_CASE("a system that moves a few bytes at a time costs nothing but time") {
  const scratch_directory here;
  in_io([&] {
    const file f = make_file(here / "short");
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
            (void)yield();
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
