#include <cstdint>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <weft/io/file_contents.hpp>
#include <weft/runtime/explain.hpp>

#include "support/io_fixture.hpp"
#include "support/scratch.hpp"

namespace weft::testing {

TEST_CASE("a file is written, added to and read as a whole [row 119]") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "whole";
    or_throw(io::write_file(path, "a longer text"));
    or_throw(io::write_file(path, "short"));
    CHECK(or_throw(io::read_file(path)) == "short");
    or_throw(io::append_file(path, "er"));
    CHECK(or_throw(io::read_file(path)) == "shorter");
    or_throw(io::append_file(here / "new", std::string_view("\0\r\n", 3)));
    CHECK(or_throw(io::read_file(here / "new")) == std::string("\0\r\n", 3));
    or_throw(io::write_file(path, ""));
    CHECK(or_throw(io::read_file(path)).empty());
    std::filesystem::remove(here / "new");
  });
}

TEST_CASE("files of all sizes come whole [row 119]") {
  const scratch_directory here;
  in_io([&] {
    for (const std::size_t size : {4095U, 4096U, 4097U, 5'000'000U}) {
      std::string text(size, '\0');
      for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>(i % 251);
      }
      or_throw(io::write_file(here / "large", text));
      CHECK(or_throw(io::read_file(here / "large")) == text);
    }
  });
}

TEST_CASE("no more is read than asked for") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "limited";
    or_throw(io::write_file(path, "12345678"));
    CHECK(or_throw(io::read_file(path, 8)) == "12345678");
    CHECK(error_of(io::read_file(path, 7)) == std::errc::file_too_large);
    CHECK(error_of(io::read_file(path, 0)) == std::errc::file_too_large);
    or_throw(io::write_file(path, ""));
    CHECK(or_throw(io::read_file(path, 0)).empty());
  });
}

TEST_CASE("what cannot be opened is told") {
  const scratch_directory here;
  in_io([&] {
    const std::string missing = here / "none";
    const auto error = error_of(io::read_file(missing));
    CHECK(error == std::errc::no_such_file_or_directory);
    CHECK(explain(error).starts_with("open " + missing + ": "));
    CHECK(error_of(io::read_file(here / "")) == std::errc::is_a_directory);
    CHECK(error_of(io::write_file(here / "", "x")) == std::errc::is_a_directory);
    CHECK(error_of(io::write_file(here / "no/file", "x")) == std::errc::no_such_file_or_directory);
    CHECK(error_of(io::append_file(here / "no/file", "x")) == std::errc::no_such_file_or_directory);
    cancel_scope scope;
    scope.cancel();
    CHECK(error_of(io::write_file(here / "cancelled", "x")) == errc::operation_canceled);
    CHECK_FALSE(std::filesystem::exists(here / "cancelled"));
  });
}

}  // namespace weft::testing
