#include <doctest/doctest.h>

#include <weft/runtime/version.hpp>

namespace weft::testing {

TEST_CASE("the library tells its version, here that of the headers") {
  CHECK(library_version() == header_version);
  CHECK(header_version >= version{0, 1, 0});
  CHECK(version{0, 10, 0} > version{0, 9, 9});
}

}  // namespace weft::testing
