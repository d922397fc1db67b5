#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/file.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/task_group.hpp>

#include "support/file_fixture.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"

namespace weft::testing {

namespace {

using io::file;
using io::file_access;
using io::file_creation;

}  // namespace

TEST_CASE("what is written at a position is read there [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const file f = make_file(here / "positions");
    or_throw(f.resize(0));
    or_throw(f.write_all_at(3, "weft"));
    CHECK(f.write_at(0, bytes_of("abc")) == 3);
    CHECK(f.size() == 7);
    CHECK(text_of(f) == "abcweft");

    std::string got(4, '.');
    CHECK(f.read_at(2, bytes_of(got)) == 4);
    CHECK(got == "cwef");
    CHECK(f.read_at(5, bytes_of(got)) == 2);
    CHECK(got == "ftef");
    CHECK(error_of(f.read_at(7, bytes_of(got))) == errc::end_of_stream);
    CHECK(error_of(f.read_exact_at(5, bytes_of(got))) == errc::end_of_stream);
    CHECK(f.read_at(7, {}) == 0);
    CHECK(f.write_at(99, {}) == 0);
    CHECK(f.size() == 7);
  });
}

TEST_CASE("vectored calls use the buffers in turn [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const file f = make_file(here / "vectored");
    or_throw(f.resize(0));
    const std::array<std::span<const std::byte>, 4> out{bytes_of(""), bytes_of("warp"),
                                                        bytes_of(" and "), bytes_of("weft")};
    std::size_t written = 0;
    const std::size_t whole = 13;
    std::array rest = out;
    while (written < whole) {
      const std::size_t n = or_throw(f.write_vectored_at(written, rest));
      written += n;
      std::size_t gone = n;
      for (auto& part : rest) {
        const std::size_t step = std::min(gone, part.size());
        part = part.subspan(step);
        gone -= step;
      }
    }
    CHECK(text_of(f) == "warp and weft");

    std::string first(5, '.');
    std::string second(20, '.');
    const std::array<std::span<std::byte>, 2> in{bytes_of(first), bytes_of(second)};
    const std::size_t n = or_throw(f.read_vectored_at(0, in));
    CHECK((n == 5 || n == 13));
    CHECK(first == "warp ");
    CHECK(second.substr(0, n - 5) == std::string("and weft").substr(0, n - 5));
    CHECK(error_of(f.read_vectored_at(99, in)) == errc::end_of_stream);
    CHECK(f.read_vectored_at(0, {}) == 0);
    CHECK(f.write_vectored_at(0, {}) == 0);

    const std::vector<std::span<const std::byte>> many(100, bytes_of("x"));
    CHECK(or_throw(f.write_vectored_at(0, many)) <= file::most_buffers);
  });
}

TEST_CASE("reads and writes without a position go on where the last one ended [row 117]") {
  const scratch_directory here;
  in_io([&] {
    file f = make_file(here / "sequence");
    CHECK(f.position() == 0);
    or_throw(f.write_all("one "));
    CHECK(f.write(bytes_of("two")) == 3);
    CHECK(f.position() == 7);
    f.seek(4);
    std::string got(3, '.');
    or_throw(f.read_exact(bytes_of(got)));
    CHECK(got == "two");
    CHECK(error_of(f.read(bytes_of(got))) == errc::end_of_stream);
    CHECK(f.position() == 7);
    or_throw(f.write_all_at(0, "ONE"));
    CHECK(f.position() == 7);
    f.seek(1);
    CHECK(f.read(std::span(bytes_of(got)).first(1)) == 1);
    CHECK(got == "Nwo");
    file moved = std::move(f);
    CHECK(moved.position() == 2);
    // NOLINTNEXTLINE(bugprone-use-after-move)
    CHECK(error_of(f.read(bytes_of(got))) == errc::closed);
  });
}

TEST_CASE("a file can be cut off, lengthened, and have a gap beyond 4 GiB [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const file f = make_file(here / "size");
    or_throw(f.write_all_at(0, "abcdef"));
    or_throw(f.resize(3));
    CHECK(text_of(f) == "abc");
    or_throw(f.resize(5));
    CHECK(text_of(f) == std::string("abc\0\0", 5));

    constexpr std::uint64_t far = (std::uint64_t{5} << 30) + 1;
    or_throw(f.write_all_at(far, "far"));
    CHECK(f.size() == far + 3);
    std::string got(5, '.');
    or_throw(f.read_exact_at(far - 2, bytes_of(got)));
    CHECK(got == std::string("\0\0far", 5));
    or_throw(f.sync_data());
    or_throw(f.resize(0));
    or_throw(f.sync());
    CHECK(f.size() == 0);
  });
}

TEST_CASE("what is appended goes to the end, by whomever [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "log";
    or_throw(make_file(path).resize(0));
    file one = make_file(path, true);
    file two = make_file(path, true);
    or_throw(one.write_all("a1 "));
    or_throw(two.write_all("b1 "));
    or_throw(one.write_all_at(0, "a2 "));
    CHECK(one.position() == 0);
    const std::array<std::span<const std::byte>, 2> parts{bytes_of("b"), bytes_of("2")};
    const std::size_t n = or_throw(two.write_vectored_at(1, parts));
    CHECK(text_of(one) == std::string("a1 b1 a2 b2").substr(0, 9 + n));

    if (!raw::appends_stay_whole) {
      return;
    }
    constexpr int lines = 50;
    task_group writers;
    for (int i = 0; i < 4; ++i) {
      writers.spawn([&, i]() -> result<void> {
        for (int line = 0; line < lines; ++line) {
          const std::string text(9, static_cast<char>('A' + i));
          if (auto written = two.write_at(0, bytes_of(text + "\n")); !written) {
            return fail(written.error());
          }
        }
        return {};
      });
    }
    or_throw(writers.wait());
    const std::string all = text_of(one).substr(9 + n);
    REQUIRE(all.size() == std::size_t{4} * lines * 10);
    bool whole = true;
    for (std::size_t at = 0; at < all.size(); at += 10) {
      whole = whole && all.substr(at, 10) == std::string(9, all[at]) + "\n";
    }
    CHECK(whole);
  });
}

TEST_CASE("the options say what becomes of the file [row 117]") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "options";
    std::filesystem::remove(path);
    CHECK(error_of(file::open(path)) == std::errc::no_such_file_or_directory);
    const auto open_with = [&](file_creation create) {
      return file::open(path, {.access = file_access::write, .create = create});
    };
    CHECK(error_of(open_with(file_creation::never)) == std::errc::no_such_file_or_directory);
    or_throw(or_throw(open_with(file_creation::always_new)).write_all("kept"));
    CHECK(error_of(open_with(file_creation::always_new)) == std::errc::file_exists);
    CHECK(or_throw(open_with(file_creation::never)).size() == 4);
    CHECK(or_throw(open_with(file_creation::if_missing)).size() == 4);
    CHECK(or_throw(open_with(file_creation::truncate)).size() == 0);
    std::filesystem::remove(path);
    CHECK(open_with(file_creation::truncate).has_value());
    std::filesystem::remove(path);
    CHECK(file::open(path, {.create = file_creation::if_missing}).has_value());

    CHECK(error_of(file::open(path, {.create = file_creation::truncate})) ==
          std::errc::invalid_argument);
    CHECK(error_of(file::open(path, {.append = true})) == std::errc::invalid_argument);
  });
}

TEST_CASE("a file does only what it was opened for") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "access";
    or_throw(make_file(path).write_all_at(0, "text"));
    std::array<std::byte, 4> buffer{};
    const file reader = or_throw(file::open(path));
    CHECK(reader.read_at(0, buffer) == 4);
    CHECK(error_of(reader.write_at(0, buffer)) == std::errc::bad_file_descriptor);
    CHECK(error_of(reader.resize(0)) == std::errc::bad_file_descriptor);
    CHECK(reader.sync().has_value());
    const file writer = or_throw(file::open(path, {.access = file_access::write}));
    CHECK(writer.write_at(0, buffer) == 4);
    CHECK(error_of(writer.read_at(0, buffer)) == std::errc::bad_file_descriptor);
    CHECK(writer.size() == 4);
  });
}

TEST_CASE("what is no file, and what is beyond all files, is refused") {
  const scratch_directory here;
  in_io([&] {
    CHECK(error_of(file::open("")) == std::errc::no_such_file_or_directory);
    CHECK(error_of(file::open(std::string("a\0b", 3))) == std::errc::invalid_argument);
    CHECK(error_of(file::open(here / "")) == std::errc::is_a_directory);
    CHECK(error_of(file::open(here / "no/file")) == std::errc::no_such_file_or_directory);
    CHECK(error_of(file::open(here / std::string(300, 'n'))) ==
          (raw::tells_of_long_names ? std::errc::filename_too_long
                                    : std::errc::no_such_file_or_directory));

    const file f = make_file(here / "limits");
    std::array<std::byte, 4> buffer{};
    constexpr std::uint64_t last = INT64_MAX;
    for (const std::uint64_t beyond : {last + 1, UINT64_MAX}) {
      CHECK(error_of(f.read_at(beyond, buffer)) == std::errc::invalid_argument);
      CHECK(error_of(f.write_at(beyond, buffer)) == std::errc::invalid_argument);
      CHECK(error_of(f.resize(beyond)) == std::errc::invalid_argument);
    }
    CHECK(error_of(f.write_at(last, buffer)).value() != 0);
    CHECK(error_of(f.read_at(last, buffer)).value() != 0);
    CHECK(error_of(f.read_at(last / 4, buffer)) == errc::end_of_stream);
    CHECK(f.size() == 0);
  });
}

TEST_CASE("a closed file says so, and an empty one is closed") {
  const scratch_directory here;
  in_io([&] {
    file none;
    CHECK_FALSE(none.is_open());
    CHECK(all_are(errors_of_all(none), errc::closed));
    CHECK(none.release() == -1);
    none.close();

    file f = make_file(here / "closed");
    CHECK(f.is_open());
    f.close();
    f.close();
    CHECK_FALSE(f.is_open());
    CHECK(all_are(errors_of_all(f), errc::closed));
  });
}

TEST_CASE("a handle can be given up and taken over") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "handles";
    file f = make_file(path);
    or_throw(f.write_all("kept"));
    raw_handle raw(f.release());
    CHECK(raw.get() >= 0);
    CHECK_FALSE(f.is_open());
    f = or_throw(file::adopt(raw.release()));
    CHECK(text_of(f) == "kept");
    CHECK(f.position() == 0);
    CHECK(error_of(file::adopt(-1)) == std::errc::bad_file_descriptor);
  });
}

}  // namespace weft::testing
