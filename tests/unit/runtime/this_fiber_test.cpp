#include <string>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

using weft::testing::in_fiber;

TEST_CASE("a plain thread is no fiber") {
  CHECK(weft::this_fiber::id() == 0);
  CHECK(weft::this_fiber::name().empty());
  weft::this_fiber::set_name("ignored");
  CHECK(weft::this_fiber::name().empty());
}

TEST_CASE("a fiber's name is what it was given last, and dies with it") {
  in_fiber([] {
    CHECK(weft::this_fiber::name() == "main");
    auto h = weft::spawn({.name = "first"}, [] {
      std::string seen = weft::this_fiber::name();
      weft::this_fiber::set_name("second");
      weft::yield();
      return seen + "," + weft::this_fiber::name();
    });
    CHECK(h.join() == "first,second");
    for (int i = 0; i < 100; ++i) {
      CHECK(weft::spawn([] { return weft::this_fiber::name(); }).join() == "");
    }
  });
}

TEST_CASE("the name is copied") {
  in_fiber([] {
    std::string name(100, 'n');
    auto h = weft::spawn({.name = name}, [] { return weft::this_fiber::name(); });
    name.assign(100, 'x');
    CHECK(h.join() == std::string(100, 'n'));
  });
}

TEST_CASE("a fiber's number stays the same across suspensions and workers") {
  in_fiber([] {
    const auto id = weft::this_fiber::id();
    CHECK(id != 0);
    for (int i = 0; i < 1000; ++i) {
      weft::yield();
      CHECK(weft::this_fiber::id() == id);
    }
  });
}
