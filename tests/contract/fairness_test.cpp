#include <array>
#include <cstddef>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// Who is served when several could be.
namespace weft::testing {

namespace {

/// How many turns the reader of a connection whose data are always there already has before a fiber
/// runs for which something came earlier.
template <class Read>
int turns_before_another(Read read) {
  raw_pair quick = tcp_pair();
  raw_pair patient = tcp_pair();
  const tcp_stream first = stream_on(std::move(quick.near));
  const tcp_stream second = stream_on(std::move(patient.near));
  bool served = false;
  auto other = spawn([&] {
    std::array<std::byte, 8> buffer;
    CHECK(second.read(buffer) == 1);
    served = true;
  });
  (void)sleep_for(settle_time);
  CHECK(send_now(patient.far.get(), "x"));
  int turns = 0;
  for (; !served && turns < 10'000; ++turns) {
    CHECK(send_now(quick.far.get(), "x"));
    CHECK(read(first) == 1);
  }
  CHECK(other.join());
  return turns;
}

// The system may take a moment to report what came.
constexpr int few = 32;

}  // namespace

TEST_CASE("a peer that answers before it is waited for keeps no other waiting [row 7]") {
  run_everywhere(
      [] {
        CHECK(turns_before_another([](const tcp_stream& stream) {
                std::array<std::byte, 8> buffer;
                return stream.read(buffer);
              }) <= few);
      },
      {1});
}

TEST_CASE("nor does one that is read from into pooled buffers [row 7]") {
  run_everywhere(
      [] {
        CHECK(turns_before_another([](const tcp_stream& stream) -> result<std::size_t> {
                auto data = stream.read_leased();
                return data ? result<std::size_t>(data->size()) : fail(data.error());
              }) <= few);
      },
      {1});
}

}  // namespace weft::testing
