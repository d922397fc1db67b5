#include <atomic>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

/// Exceptions across suspensions. The C++ runtime keeps per thread which exceptions are being
/// handled and how many are in flight; each fiber must find its own again, wherever it wakes up.
using namespace std::chrono_literals;
using weft::testing::rounds;
using weft::testing::test_runtime;

namespace {

/// Runs many fibers of the same kind on several workers; none may report a mistake.
template <class F>
void everywhere(F f) {
  for (const unsigned workers : {1U, 2U, 8U}) {
    std::atomic<std::size_t> wrong = 0;
    {
      test_runtime r({.workers = workers, .background = true});
      std::vector<weft::join_handle<void>> handles;
      for (std::size_t i = 0; i < 50; ++i) {
        handles.push_back(r->spawn([&, i] {
          for (std::size_t turn = 0; turn < rounds(300); ++turn) {
            f(i * 1000 + turn, wrong);
          }
        }));
      }
      for (auto& h : handles) {
        CHECK(h.join().has_value());
      }
    }
    CHECK(wrong == 0);
  }
}

void suspend(std::size_t n) {
  if (n % 4 == 0) {
    (void)weft::sleep_for(std::chrono::microseconds(n % 50));
  } else {
    weft::yield();
  }
}

struct error : std::runtime_error {
  std::size_t number;
  explicit error(std::size_t n) : std::runtime_error("number " + std::to_string(n)), number(n) {}
};

}  // namespace

TEST_CASE("a fiber that suspends in a catch block finds its exception again") {
  everywhere([](std::size_t n, std::atomic<std::size_t>& wrong) {
    try {
      throw error(n);
    } catch (const error& caught) {
      const std::exception_ptr before = std::current_exception();
      suspend(n);
      wrong += caught.number != n;
      wrong += std::current_exception() != before;
      wrong += std::uncaught_exceptions() != 0;
    }
    wrong += std::current_exception() != nullptr;
  });
}

TEST_CASE("a fiber that suspends in a catch block rethrows its own exception") {
  everywhere([](std::size_t n, std::atomic<std::size_t>& wrong) {
    try {
      try {
        throw error(n);
      } catch (...) {
        suspend(n);
        throw;
      }
    } catch (const error& caught) {
      suspend(n + 1);
      wrong += caught.number != n;
    }
  });
}

TEST_CASE("nested catch blocks with suspensions in between unwind in order") {
  everywhere([](std::size_t n, std::atomic<std::size_t>& wrong) {
    try {
      throw error(n);
    } catch (const error& outer) {
      suspend(n);
      try {
        throw error(n + 1);
      } catch (const error& middle) {
        suspend(n + 1);
        try {
          std::throw_with_nested(error(n + 2));
        } catch (const error& inner) {
          suspend(n + 2);
          wrong += inner.number != n + 2;
          try {
            std::rethrow_if_nested(inner);
            ++wrong;
          } catch (const error& nested) {
            suspend(n + 3);
            wrong += nested.number != n + 1;
          }
        }
        wrong += middle.number != n + 1;
      }
      suspend(n + 2);
      wrong += outer.number != n;
    }
  });
}

namespace {

/// Suspends while an exception is in flight, and throws and catches others meanwhile.
struct suspends_at_end {
  std::size_t n;
  int in_flight;
  std::atomic<std::size_t>& wrong;

  ~suspends_at_end() {
    wrong += std::uncaught_exceptions() != in_flight;
    suspend(n);
    wrong += std::uncaught_exceptions() != in_flight;
    try {
      throw error(n + 7);
    } catch (const error& other) {
      wrong += std::uncaught_exceptions() != in_flight;
      suspend(n + 1);
      wrong += other.number != n + 7;
      wrong += std::uncaught_exceptions() != in_flight;
    }
    suspend(n + 2);
    wrong += std::uncaught_exceptions() != in_flight;
  }
};

}  // namespace

TEST_CASE("a destructor that suspends during unwinding sees the exception still in flight") {
  everywhere([](std::size_t n, std::atomic<std::size_t>& wrong) {
    try {
      const suspends_at_end first{n, 1, wrong};
      const suspends_at_end second{n + 1, 1, wrong};
      throw error(n);
    } catch (const error& caught) {
      wrong += caught.number != n;
      wrong += std::uncaught_exceptions() != 0;
      suspend(n);
      const suspends_at_end calm{n, 0, wrong};
    }
    wrong += std::uncaught_exceptions() != 0;
  });
}

namespace {

/// Unwinds an exception of its own inside a destructor that runs during unwinding.
struct unwinds_within {
  std::size_t n;
  std::atomic<std::size_t>& wrong;

  ~unwinds_within() {
    try {
      const suspends_at_end deeper{n, 2, wrong};
      throw error(n + 3);
    } catch (const error& inner) {
      suspend(n);
      wrong += inner.number != n + 3;
    }
  }
};

}  // namespace

TEST_CASE("two exceptions in flight at once in one fiber are counted") {
  everywhere([](std::size_t n, std::atomic<std::size_t>& wrong) {
    try {
      const unwinds_within both{n, wrong};
      throw error(n);
    } catch (const error& caught) {
      wrong += caught.number != n;
    }
  });
}

TEST_CASE(
    "a fiber that is spawned during unwinding or in a catch block starts without exceptions") {
  everywhere([](std::size_t n, std::atomic<std::size_t>& wrong) {
    const auto look = [&wrong] {
      wrong += std::uncaught_exceptions() != 0;
      wrong += std::current_exception() != nullptr;
      weft::yield();
      wrong += std::uncaught_exceptions() != 0;
      wrong += std::current_exception() != nullptr;
    };
    struct spawns_at_end {
      decltype(look)& f;
      ~spawns_at_end() { (void)weft::spawn(f).join(); }
    };
    try {
      const spawns_at_end s{look};
      throw error(n);
    } catch (const error& caught) {
      (void)weft::spawn(look).join();
      wrong += caught.number != n;
    }
  });
}

TEST_CASE("an exception is caught by its joiner on whatever worker that is") {
  everywhere([](std::size_t n, std::atomic<std::size_t>& wrong) {
    auto h = weft::spawn([n]() -> int {
      suspend(n);
      throw error(n);
    });
    suspend(n + 1);
    try {
      (void)h.join();
      ++wrong;
    } catch (const error& caught) {
      suspend(n);
      wrong += caught.number != n;
    }
  });
}

TEST_CASE("one exception is rethrown by many fibers at once") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    test_runtime r({.workers = workers, .background = true});
    std::atomic<std::size_t> wrong = 0;
    const std::exception_ptr shared = std::make_exception_ptr(error(5));
    std::vector<weft::join_handle<void>> handles;
    for (std::size_t i = 0; i < 50; ++i) {
      handles.push_back(r->spawn([&, i] {
        for (std::size_t turn = 0; turn < rounds(200); ++turn) {
          try {
            std::rethrow_exception(shared);
          } catch (const error& caught) {
            suspend(i + turn);
            wrong += caught.number != 5;
            wrong += std::current_exception() == nullptr;
          }
        }
      }));
    }
    for (auto& h : handles) {
      CHECK(h.join().has_value());
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE(
    "a thread that was in a catch block when it began to run fibers is still in it afterwards") {
  try {
    throw error(1);
  } catch (const error& caught) {
    const std::exception_ptr mine = std::current_exception();
    {
      test_runtime r({.workers = 1});
      r->run([] {
        CHECK(std::current_exception() == nullptr);
        try {
          throw error(2);
        } catch (...) {
          weft::yield();
        }
      });
    }
    CHECK(std::current_exception() == mine);
    CHECK(caught.number == 1);
  }
}
