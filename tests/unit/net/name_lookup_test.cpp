#include "name_lookup.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <netdb.h>
#include <sys/socket.h>

#include <weft/net/resolve.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>

#include "system_hints.hpp"

using weft::endpoint;
using weft::resolve;
using weft::resolve_errc;
using namespace std::chrono_literals;

namespace {

using function = weft::detail::getaddrinfo_function;

/// Puts a resolver of the test's own in the system's place.
class fake_resolver {
 public:
  explicit fake_resolver(function fake) : previous_(weft::detail::replace_getaddrinfo(fake)) {}
  ~fake_resolver() { weft::detail::replace_getaddrinfo(previous_); }
  fake_resolver(const fake_resolver&) = delete;
  fake_resolver& operator=(const fake_resolver&) = delete;

 private:
  function previous_;
};

std::atomic<int> outcome{0};
std::atomic<int> calls{0};
std::atomic<int> begun{0};
std::atomic<int> ended{0};
std::atomic<bool> released{false};

int fail_with_outcome(const char*, const char*, const addrinfo*, addrinfo**) {
  ++calls;
  errno = ENFILE;
  return outcome;
}

/// As a system whose name servers are silent, until `released`.
int be_silent(const char*, const char* service, const addrinfo* hints, addrinfo** found) {
  ++begun;
  while (!released) {
    std::this_thread::sleep_for(1ms);
  }
  const int answer = ::getaddrinfo("127.0.0.1", service, hints, found);
  ++ended;
  return answer;
}

/// Lets the silent ones go and waits until the last has gone.
class silence {
 public:
  silence() {
    begun = ended = 0;
    released = false;
  }
  ~silence() {
    released = true;
    while (begun != ended) {
      std::this_thread::sleep_for(1ms);
    }
    // The job itself still has to finish behind the fake resolver's last line.
    std::this_thread::sleep_for(20ms);
  }
  silence(const silence&) = delete;
  silence& operator=(const silence&) = delete;

 private:
  fake_resolver fake_{be_silent};
};

int ignore_socket_type(const char* host, const char* service, const addrinfo* hints,
                       addrinfo** found) {
  addrinfo any_type = *hints;
  any_type.ai_socktype = 0;
  return ::getaddrinfo(host, service, &any_type, found);
}

int know_datagram_services_only(const char* host, const char*, const addrinfo* hints,
                                addrinfo** found) {
  return hints->ai_socktype == SOCK_DGRAM ? ::getaddrinfo(host, "4242", hints, found) : EAI_SERVICE;
}

}  // namespace

TEST_CASE("the resolver's errors are told apart [row 111]") {
  fake_resolver fake(fail_with_outcome);
  const std::map<int, std::error_code> expected = {
      {EAI_NONAME, resolve_errc::host_not_found},
      {EAI_AGAIN, resolve_errc::no_answer},
      {EAI_FAIL, resolve_errc::server_failure},
      {EAI_SERVICE, resolve_errc::service_not_found},
      {EAI_NODATA, resolve_errc::no_address},
      {EAI_ADDRFAMILY, resolve_errc::no_address},
      {EAI_MEMORY, std::make_error_code(std::errc::not_enough_memory)},
      {EAI_FAMILY, resolve_errc::server_failure},
  };
  weft::runtime house({.workers = 1});
  for (const auto& [code, error] : expected) {
    CAPTURE(code);
    outcome = code;
    CHECK(house.run([] { return resolve("example.org", 80); }).error() == error);
  }
  outcome = EAI_SYSTEM;
  CHECK(house.run([] { return resolve("example.org", 80); }).error() ==
        std::errc::too_many_files_open_in_system);
}

TEST_CASE("explain() tells an unknown host from a silent server") {
  fake_resolver fake(fail_with_outcome);
  weft::runtime house({.workers = 1});
  const auto explain = [&](int code) {
    outcome = code;
    return house.run([] { return weft::explain(resolve("nosuch.example", 80).error()); });
  };
  CHECK(explain(EAI_NONAME) == "resolve nosuch.example: host not found");
  CHECK(explain(EAI_AGAIN) ==
        "resolve nosuch.example: the name servers did not answer; try again, or check " +
            std::string(weft::detail::hints.name_servers));
}

TEST_CASE("addresses never reach the resolver") {
  fake_resolver fake(fail_with_outcome);
  calls = 0;
  CHECK(resolve("127.0.0.1", 80));
  CHECK(resolve("[fe80::1%1]:80"));
  CHECK_FALSE(resolve("127.1", 80));
  CHECK_FALSE(resolve("1.2.3.4.", 80));
  CHECK_FALSE(resolve("example.org", "-1"));
  CHECK(calls == 0);
}

TEST_CASE("an address that the resolver gives several times is returned once") {
  fake_resolver fake(ignore_socket_type);
  CHECK(weft::detail::look_up_name("127.0.0.1", "80") == std::vector{endpoint::loopback_v4(80)});
}

TEST_CASE("a service of datagrams only is found too") {
  fake_resolver fake(know_datagram_services_only);
  CHECK(resolve("127.0.0.1", "some-service") == std::vector{endpoint::loopback_v4(4242)});
}

TEST_CASE("other fibers of the worker run on during a look-up [row 111]") {
  weft::runtime house({.workers = 1});
  silence until_the_end;
  house.run([] {
    auto looking = weft::spawn([] { return resolve("example.org", 80); });
    for (int i = 0; i < 5; ++i) {
      CHECK(weft::sleep_for(2ms));
      CHECK_FALSE(looking.finished());
    }
    released = true;
    CHECK(looking.join() == std::vector{endpoint::loopback_v4(80)});
  });
}

TEST_CASE("many look-ups are under way at once") {
  weft::runtime house({.workers = 2});
  silence until_the_end;
  house.run([] {
    std::vector<weft::join_handle<std::vector<endpoint>>> all;
    for (int i = 0; i < 50; ++i) {
      all.push_back(weft::spawn([] { return resolve("example.org", 80); }));
    }
    while (begun < 50) {
      CHECK(weft::sleep_for(1ms));
    }
    released = true;
    for (auto& one : all) {
      CHECK(one.join() == std::vector{endpoint::loopback_v4(80)});
    }
  });
}

TEST_CASE("a look-up times out and is cancelled at once, and is abandoned [row 114]") {
  weft::runtime house({.workers = 2});
  silence until_the_end;
  house.run([] {
    {
      weft::timeout_scope soon(10ms);
      CHECK(resolve("example.org", 80).error() == weft::errc::timed_out);
      CHECK(resolve("example.org", 80).error() == weft::errc::timed_out);
    }
    auto looking = weft::spawn([] { return resolve("example.org", 80); });
    while (begun < 2) {
      CHECK(weft::sleep_for(1ms));
    }
    looking.cancel();
    CHECK(looking.join().error() == weft::errc::operation_canceled);
    CHECK(ended == 0);
  });
}

TEST_CASE("a look-up in a cancelled scope never begins [row 114]") {
  weft::runtime house({.workers = 1});
  fake_resolver fake(fail_with_outcome);
  calls = 0;
  house.run([] {
    weft::cancel_scope scope;
    scope.cancel();
    CHECK(resolve("example.org", 80).error() == weft::errc::operation_canceled);
  });
  CHECK(calls == 0);
}

TEST_CASE("shutdown does not wait for a look-up, which may outlive the runtime [row 114]") {
  silence until_the_end;
  {
    std::optional<weft::runtime> house(std::in_place, weft::runtime_options{.workers = 2});
    house->spawn([] { (void)resolve("example.org", 80); }).detach();
    while (begun == 0) {
      std::this_thread::sleep_for(1ms);
    }
    house.reset();
  }
  CHECK(ended == 0);
}

TEST_CASE("answers that race with cancellation are delivered or dropped, never lost track of") {
  weft::runtime house({.workers = 2});
  fake_resolver fake([](const char*, const char* service, const addrinfo* hints, addrinfo** found) {
    return ::getaddrinfo("127.0.0.1", service, hints, found);
  });
  house.run([] {
    int answered = 0;
    int canceled = 0;
    for (int round = 0; round < 3'000; ++round) {
      auto looking = weft::spawn([] { return resolve("example.org", 80); });
      // A look-up takes some 20 us: all its stages are met.
      const auto until = weft::clock::now() + std::chrono::nanoseconds(round * 20);
      while (weft::clock::now() < until) {
      }
      looking.cancel();
      const auto found = looking.join();
      found ? ++answered : ++canceled;
      CHECK((found ? found->size() == 1 : found.error() == weft::errc::operation_canceled));
    }
    CHECK(answered + canceled == 3'000);
  });
}
