#include <memory>
#include <string>
#include <system_error>

#include <doctest/doctest.h>

#include <weft/runtime/explain.hpp>
#include <weft/runtime/result.hpp>

namespace {

weft::result<int> half(int n) {
  if (n % 2 != 0) {
    return weft::fail(std::make_error_code(std::errc::invalid_argument));
  }
  return n / 2;
}

}  // namespace

TEST_CASE("fail() makes the failed result of any type") {
  CHECK(half(4) == 2);
  CHECK(half(3).error() == std::errc::invalid_argument);
  const weft::result<> nothing = weft::fail(weft::errc::timed_out);
  CHECK(nothing.error() == weft::errc::timed_out);
}

TEST_CASE("or_throw() returns the value or throws a system_error with the code") {
  CHECK(weft::or_throw(half(8)) == 4);
  weft::or_throw(weft::result<void>());
  auto owned = weft::or_throw(weft::result<std::unique_ptr<int>>(std::make_unique<int>(1)));
  CHECK(*owned == 1);
  try {
    weft::or_throw(half(7));
    FAIL("did not throw");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::invalid_argument);
  }
}

TEST_CASE("what an exception says is what explain() says") {
  const auto error = make_error_code(std::errc::permission_denied);
  for (const std::string note : {"listen :80: permission denied (it needs a capability)",
                                 "open /dev/abacus: permission denied"}) {
    weft::detail::note_error(error, note);
    try {
      weft::or_throw(weft::result<void>(weft::fail(error)));
      FAIL("did not throw");
    } catch (const std::system_error& thrown) {
      CHECK(thrown.what() == note);
      CHECK(thrown.code() == error);
    }
  }
  const auto unknown = make_error_code(std::errc::no_lock_available);
  CHECK_THROWS_WITH_AS(weft::or_throw(weft::result<void>(weft::fail(unknown))),
                       unknown.message().c_str(), std::system_error);
}
