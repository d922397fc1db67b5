#include <array>

#include <weft/net/tcp.hpp>

#include "errno_table.hpp"
#include "misbehaviour.hpp"
#include "support/io_fixture.hpp"
#include "support/tcp_fixture.hpp"

/// The calls that do not wait, with every error that the system may answer.
namespace weft::testing {

namespace {

using detail::sys::call;

/// A call that does not wait: what it came to.
struct direct_call {
  call asks;
  std::error_code (*make)(const tcp_listener& listener, const tcp_stream& stream);
};

constexpr std::array direct_calls{
    direct_call{call::socket, [](const tcp_listener&,
                                 const tcp_stream&) { return error_of(listen("127.0.0.1:0")); }},
    direct_call{call::bind, [](const tcp_listener&,
                               const tcp_stream&) { return error_of(listen("127.0.0.1:0")); }},
    direct_call{call::listen, [](const tcp_listener&,
                                 const tcp_stream&) { return error_of(listen("127.0.0.1:0")); }},
    direct_call{
        call::set_option,
        [](const tcp_listener&, const tcp_stream& s) { return error_of(s.set_no_delay(true)); }},
    direct_call{call::get_option,
                [](const tcp_listener&, const tcp_stream& s) { return error_of(s.no_delay()); }},
    direct_call{call::local_name, [](const tcp_listener& l,
                                     const tcp_stream&) { return error_of(l.local_endpoint()); }},
    direct_call{call::peer_name, [](const tcp_listener&,
                                    const tcp_stream& s) { return error_of(s.peer_endpoint()); }},
    direct_call{call::shutdown,
                [](const tcp_listener&, const tcp_stream& s) {
                  return error_of(s.shutdown(socket_side::write));
                }},
};

}  // namespace

TEST_CASE("each error of a call that does not wait is what the contract says [row B10]") {
  run_everywhere(
      [] {
        const auto listener = or_throw(listen("127.0.0.1:0"));
        const tcp_stream stream = or_throw(connect(*listener.local_endpoint()));
        for (const direct_call& made : direct_calls) {
          for (const errno_case& error : errnos_of(made.asks)) {
            const int times = error.what == fate::repeated ? 3 : 1;
            std::error_code got;
            int failures = 0;
            {
              const misbehaviour system(
                  {.which = made.asks, .error = error.number, .times = times});
              got = made.make(listener, stream);
              failures = system.failures();
            }
            const auto where = io::name_of(io::current_backend());
            const bool passed = got == error.outcome() && failures == times;
            CHECK_MESSAGE(passed, name_of(made.asks), " on ", where, ": ", error.name,
                          " came to \"", got.message(), "\"");
            note(name_of(made.asks), error, where, passed);
          }
          CHECK(!made.make(listener, stream));
        }
      },
      {1});
}

}  // namespace weft::testing
