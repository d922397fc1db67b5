#include <ostream>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include <weft/net/resolve_errc.hpp>

using weft::resolve_errc;

TEST_CASE("a look-up error compares with its enumerator and with the standard's condition") {
  const std::error_code code = resolve_errc::no_answer;
  CHECK(code == resolve_errc::no_answer);
  CHECK(code != resolve_errc::host_not_found);
  CHECK(code == std::errc::resource_unavailable_try_again);
  CHECK(std::error_code(resolve_errc::host_not_found) != std::errc::resource_unavailable_try_again);
  CHECK(code.category().name() == std::string("weft.resolve"));
}

TEST_CASE("every look-up error has a message of its own") {
  std::set<std::string> messages;
  for (int value = static_cast<int>(resolve_errc::host_not_found);
       value <= static_cast<int>(resolve_errc::service_not_found); ++value) {
    messages.insert(weft::resolve_category().message(value));
  }
  CHECK(messages.size() == 5);
  CHECK(messages.contains("host not found"));
  CHECK_FALSE(messages.contains("unknown look-up error"));
  CHECK(weft::resolve_category().message(0) == "unknown look-up error");
}
