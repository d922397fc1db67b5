#pragma once

#include <chrono>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <raw_calls.hpp>

#include <weft/io/backend.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>

#include "patience.hpp"
#include "test_runtime.hpp"

/// What tests of I/O share: the backends to run on, and the proof that nothing is left behind.
namespace weft::testing {

using namespace std::chrono_literals;
using raw::open_descriptors;

/// Long enough for a fiber that was just started to have parked. Nothing but which path is taken
/// depends on it.
inline constexpr auto settle_time = 3ms;

/// What counts as at once, on a machine that has much else to do.
inline constexpr auto promptly = sanitized ? 20s : 5s;

/// Where a test runs.
struct setting {
  std::string name;
  io::backend_kind backend = io::backend_kind::automatic;
  unsigned workers = 1;
  scheduling mode = scheduling::work_stealing;

  run_options options() const { return {.workers = workers, .mode = mode, .backend = backend}; }
};

/// The backends that work here; only the one that WEFT_BACKEND names, if it names one.
inline std::vector<io::backend_kind> backends_here() {
  if (const char* named = std::getenv("WEFT_BACKEND"); named && *named) {
    return {io::backend_named(named).value()};
  }
  std::vector<io::backend_kind> found;
  for (const auto kind :
       {io::backend_kind::io_uring, io::backend_kind::epoll, io::backend_kind::poll,
        io::backend_kind::kqueue, io::backend_kind::iocp}) {
    if (io::make_drivers(kind)) {
      found.push_back(kind);
    }
  }
  return found;
}

inline std::vector<setting> settings(std::initializer_list<unsigned> workers = {1, 2, 4}) {
  std::vector<setting> all;
  for (const auto backend : backends_here()) {
    for (const unsigned count : workers) {
      const std::string name =
          std::string(io::name_of(backend)) + ", " + std::to_string(count) + " workers";
      all.push_back({name, backend, count, scheduling::work_stealing});
      if (count > 1) {
        all.push_back({name + ", pinned", backend, count, scheduling::pinned});
      }
    }
  }
  return all;
}

/// Whether the caller is the last fiber, after a moment's patience for those that are just ending.
inline bool no_other_fiber_lives() {
  for (int i = 0; i < 200; ++i) {
    if (runtime::current()->statistics().live_fibers == 1) {
      return true;
    }
    (void)sleep_for(5ms);
  }
  return false;
}

/// Calls `f` as a fiber and checks that it leaves no fiber and no descriptor behind.
template <class F>
void run_in(const setting& where, F f) {
  const int before = open_descriptors();
  in_fiber(
      [&f] {
        f();
        CHECK(no_other_fiber_lives());
      },
      or_throw(io::with_io(where.options())));
  CHECK(open_descriptors() == before);
}

/// The same on the backend that WEFT_BACKEND names, else the best one, by one worker and by two.
template <class F>
void in_io(F f) {
  for (const unsigned workers : {1U, 2U}) {
    run_in({.name = {}, .workers = workers}, f);
  }
}

/// The same in each setting, as subcases of the test case that calls it.
template <class F>
void run_everywhere(F f, std::initializer_list<unsigned> workers = {1, 2, 4}) {
  for (const setting& where : settings(workers)) {
    SUBCASE(where.name.c_str()) {
      run_in(where, f);
    }
  }
}

}  // namespace weft::testing
