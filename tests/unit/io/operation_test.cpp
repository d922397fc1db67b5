#include <set>
#include <string>

#include <doctest/doctest.h>

#include <weft/io/operation.hpp>

namespace weft::testing {

namespace {

constexpr auto last = io::opcode::wait_writable;

}  // namespace

TEST_CASE("every operation has a name of its own") {
  std::set<std::string> names;
  for (int code = 0; code <= static_cast<int>(last); ++code) {
    const char* const name = io::name_of(static_cast<io::opcode>(code));
    REQUIRE(name);
    CHECK_MESSAGE(names.insert(name).second, name);
  }
}

TEST_CASE("operations that take wait for what comes in, all others for room") {
  using io::direction;
  using io::opcode;
  for (const opcode in : {opcode::receive, opcode::receive_message, opcode::read, opcode::accept,
                          opcode::wait_readable}) {
    CHECK(io::direction_of(in) == direction::in);
  }
  for (const opcode out : {opcode::send, opcode::send_message, opcode::write, opcode::connect,
                           opcode::wait_writable}) {
    CHECK(io::direction_of(out) == direction::out);
  }
}

TEST_CASE("an operation is made by naming what it needs, and has no result yet") {
  const io::operation op{.code = io::opcode::receive, .size = 3};
  CHECK(op.size == 3);
  CHECK(op.data == nullptr);
  CHECK_FALSE(op.done);
  CHECK(op.result == 0);
}

}  // namespace weft::testing
