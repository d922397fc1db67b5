#include "errno_table.hpp"
#include "misbehaviour.hpp"
#include "support/io_fixture.hpp"

/// The one call through the seam that a completion port makes for itself.
namespace weft::testing {

TEST_CASE("a port that gets no socket to ask by says why, and leaves nothing behind [row B10]") {
  using detail::sys::call;
  for (const errno_case& error : errnos_of(call::socket)) {
    if (error.what != fate::reported) {
      continue;
    }
    const int before = open_descriptors();
    std::error_code got;
    {
      const misbehaviour system({.which = call::socket, .error = error.number});
      got = error_of(io::with_io({.backend = io::backend_kind::iocp}));
    }
    CHECK_MESSAGE(got == error.outcome(), error.name, " came to \"", got.message(), "\"");
    CHECK(open_descriptors() == before);
  }
  CHECK(io::with_io({.backend = io::backend_kind::iocp}));
}

}  // namespace weft::testing
