#include <string>
#include <system_error>

#include <doctest/doctest.h>

#include <weft/runtime/errc.hpp>

using weft::errc;

TEST_CASE("an error code compares with its enumerator") {
  const std::error_code code = errc::end_of_stream;
  CHECK(code == errc::end_of_stream);
  CHECK(code != errc::closed);
  CHECK(code.category() == weft::weft_category());
  CHECK(std::string(code.category().name()) == "weft");
}

TEST_CASE("those that the standard knows equal its conditions") {
  CHECK(std::error_code(errc::timed_out) == std::errc::timed_out);
  CHECK(std::error_code(errc::operation_canceled) == std::errc::operation_canceled);
  CHECK(std::error_code(errc::shutting_down) == std::errc::operation_canceled);
  CHECK(std::error_code(errc::closed) == std::errc::bad_file_descriptor);
  CHECK(std::error_code(errc::would_deadlock) == std::errc::resource_deadlock_would_occur);
  CHECK(std::error_code(errc::timed_out) != std::errc::operation_canceled);
  CHECK(std::error_code(errc::end_of_stream).default_error_condition().category() ==
        weft::weft_category());
}

TEST_CASE("each has a message of its own") {
  CHECK(std::error_code(errc::end_of_stream).message() == "end of stream");
  CHECK(std::error_code(errc::timed_out).message() == "timed out");
  CHECK(std::error_code(errc::operation_canceled).message() == "operation canceled");
  CHECK(std::error_code(errc::closed).message() == "closed");
  CHECK(std::error_code(errc::would_deadlock).message() == "the call would wait for itself");
  CHECK(std::error_code(errc::shutting_down).message() == "the runtime is shutting down");
  CHECK(std::error_code(99, weft::weft_category()).message() == "unknown weft error 99");
}
