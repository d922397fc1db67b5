#include <ostream>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include <weft/net/address_errc.hpp>

using weft::address_errc;

TEST_CASE("an address error compares with its enumerator and with the standard's condition") {
  const std::error_code code = address_errc::bad_port;
  CHECK(code == address_errc::bad_port);
  CHECK(code != address_errc::empty);
  CHECK(code == std::errc::invalid_argument);
  CHECK(std::error_code(address_errc::unknown_interface) == std::errc::no_such_device);
  CHECK(code.category().name() == std::string("weft.address"));
}

TEST_CASE("every address error has a message of its own that says what to write") {
  std::set<std::string> messages;
  for (int value = static_cast<int>(address_errc::empty);
       value <= static_cast<int>(address_errc::unknown_interface); ++value) {
    const std::string message = weft::address_category().message(value);
    CHECK(message.size() > 20);
    CHECK(message.find("unknown") == std::string::npos);
    messages.insert(message);
  }
  CHECK(messages.size() == 10);
  CHECK(std::error_code(address_errc::missing_port).message() ==
        "missing port: write host:port, as in 127.0.0.1:80 or [::1]:80");
}

TEST_CASE("a number that is no address error still has a message") {
  CHECK(weft::address_category().message(0) == "unknown address error");
  CHECK(weft::address_category().message(999) == "unknown address error");
}
