#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <unordered_set>
#include <version>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/unix_endpoint.hpp>
#include <weft/runtime/explain.hpp>

#include "support/test_runtime.hpp"

namespace weft::testing {

namespace {

unix_endpoint parsed(std::string_view text) {
  return or_throw(unix_endpoint::parse(text));
}

}  // namespace

TEST_CASE("a Unix endpoint reads back from its text [row 90]") {
  for (const std::string_view text :
       {std::string_view("/run/app.sock"), std::string_view("relative"), std::string_view("./@odd"),
        std::string_view("@app"), std::string_view("@@"), std::string_view("@with\0zero", 10)}) {
    const unix_endpoint read = parsed(text);
    CHECK(read.to_string() == text);
    CHECK(parsed(read.to_string()) == read);
    CHECK(read.is_abstract() == text.starts_with('@'));
    CHECK(read.is_path() != read.is_abstract());
    CHECK(!read.is_unnamed());
  }
  CHECK(unix_endpoint().is_unnamed());
  CHECK(unix_endpoint().to_string().empty());
}

TEST_CASE("a path that looks like a name is told from it [row 109]") {
  const unix_endpoint file = or_throw(unix_endpoint::path("@file"));
  CHECK(file.is_path());
  CHECK(file.to_string() == "./@file");
  CHECK(file != parsed("@file"));
  const unix_endpoint name = parsed("@file");
  CHECK(name.name() == "file");
}

TEST_CASE("what is too long or says nothing is refused with the way out [row 90]") {
  const std::string longest(unix_endpoint::most_bytes, 'x');
  CHECK(parsed(longest).to_string() == longest);
  const unix_endpoint longest_name = or_throw(unix_endpoint::abstract(longest));
  CHECK(longest_name.name() == longest);
  const std::string too_long(longest.size() + 1, 'x');
  for (const std::string& text : {too_long, std::string("@").append(too_long)}) {
    const std::error_code error = error_of(unix_endpoint::parse(text));
    CHECK(error == std::errc::filename_too_long);
    CHECK(explain(error).find("107 bytes are the most") != std::string::npos);
  }
  CHECK(error_of(unix_endpoint::path(std::string("@").append(longest, 1))) ==
        std::errc::filename_too_long);
  for (const std::string_view text :
       {std::string_view(""), std::string_view("@"), std::string_view("a\0b", 3)}) {
    CHECK(error_of(unix_endpoint::parse(text)) == std::errc::invalid_argument);
  }
}

TEST_CASE("Unix endpoints are ordered and hashed by kind and bytes [row 135]") {
  CHECK(unix_endpoint() < parsed("a"));
  CHECK(parsed("a") < parsed("ab"));
  CHECK(parsed("ab") < parsed("b"));
  CHECK(parsed("z") < parsed("@a"));
  CHECK(parsed("a") == parsed("a"));
  const std::unordered_set<unix_endpoint> set{parsed("a"), parsed("@a"), parsed("a"),
                                              unix_endpoint()};
  CHECK(set.size() == 3);
  CHECK(set.contains(parsed("@a")));
  const std::map<unix_endpoint, int> map{{parsed("b"), 2}, {parsed("a"), 1}};
  CHECK(map.begin()->second == 1);
}

TEST_CASE("Unix endpoints are written to streams, and formatted where there is std::format") {
  std::ostringstream out;
  out << parsed("/run/app.sock") << ' ' << parsed("@app");
  CHECK(out.str() == "/run/app.sock @app");
#ifdef __cpp_lib_format
  CHECK(std::format("{:>6}", parsed("@app")) == "  @app");
#endif
}

TEST_CASE("a Unix endpoint goes to the system's form and back") {
  for (const std::string_view text : {std::string_view("/run/app.sock"), std::string_view("@app"),
                                      std::string_view("@with\0zero", 10)}) {
    const unix_endpoint value = parsed(text);
    const native_unix_endpoint native(value);
    CHECK(native.to_endpoint() == value);
    CHECK(unix_endpoint::from_native(native.data(), native.size()) == value);
  }
  CHECK(native_unix_endpoint().to_endpoint() == unix_endpoint());
  CHECK(native_unix_endpoint(unix_endpoint()).to_endpoint() == unix_endpoint());

  sockaddr_un full{};
  full.sun_family = AF_UNIX;
  std::fill(std::begin(full.sun_path), std::end(full.sun_path), 'x');
  CHECK(error_of(unix_endpoint::from_native(&full, sizeof full)) == std::errc::filename_too_long);
  CHECK(error_of(unix_endpoint::from_native(&full, 1)) == std::errc::invalid_argument);
  full.sun_family = AF_INET;
  CHECK(error_of(unix_endpoint::from_native(&full, sizeof full)) ==
        std::errc::address_family_not_supported);
}

}  // namespace weft::testing
