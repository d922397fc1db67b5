#include <doctest/doctest.h>

#include <weft/io/root_directory.hpp>

#include "support/io_fixture.hpp"

namespace weft::testing {

TEST_CASE("where the system cannot keep a path from leading out, that is said [row 120]") {
  in_io(
      [] { CHECK(error_of(io::root_directory::open(".")) == std::errc::operation_not_supported); });
}

}  // namespace weft::testing
