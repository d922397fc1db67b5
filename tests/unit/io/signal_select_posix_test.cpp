#include <csignal>

#include <doctest/doctest.h>

#include <weft/io/signal_listener.hpp>
#include <weft/sync/completion_queue.hpp>

#include "support/io_fixture.hpp"

/// Signals of several kinds beside each other. By all of weft: io knows nothing of sync.
namespace weft::testing {

namespace {

signal_listener listening_for(int signal) {
  return or_throw(signal_listener::open({signal}));
}

}  // namespace

TEST_CASE("[row 58] a completion queue waits for several signals") {
  in_fiber([] {
    auto hang_up = listening_for(SIGHUP);
    auto user = listening_for(SIGUSR1);
    completion_queue<int> heard;
    heard.add(hang_up.waiting());
    heard.add(user.waiting());
    std::raise(SIGUSR1);
    CHECK(heard.next_for(promptly) == SIGUSR1);
    std::raise(SIGHUP);
    CHECK(heard.next_for(promptly) == SIGHUP);
    CHECK(heard.empty());
  });
}

}  // namespace weft::testing
