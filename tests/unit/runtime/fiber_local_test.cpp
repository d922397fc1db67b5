#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/fiber_local.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

using weft::testing::in_fiber;

namespace {

std::atomic<int> alive{0};
std::string farewell;

struct counted {
  int value = 3;
  counted() { ++alive; }
  ~counted() { --alive; }
};

template <char Letter>
struct says_goodbye {
  ~says_goodbye() { farewell += Letter; }
};

weft::fiber_local<int> number;
weft::fiber_local<counted> object;
weft::fiber_local<says_goodbye<'1'>> first;
weft::fiber_local<says_goodbye<'2'>> second;
weft::fiber_local<says_goodbye<'3'>> third;

/// Its construction needs another variable, made later and so with a higher key.
struct dependent {
  dependent();
  int value;
};
weft::fiber_local<dependent> depends;
weft::fiber_local<std::string> needed;
dependent::dependent() : value(static_cast<int>(needed->size()) + 1) {}

/// Its destruction needs another variable.
struct late_user {
  ~late_user() { farewell += *needed + "."; }
};
weft::fiber_local<late_user> late;

/// Its destruction suspends.
struct yields_at_end {
  ~yields_at_end() {
    weft::yield();
    farewell += 'y';
  }
};
weft::fiber_local<yields_at_end> yielding;

}  // namespace

TEST_CASE("[row 29] each fiber has its own copy, which it keeps across suspensions and workers") {
  in_fiber([] {
    *number = -1;
    std::vector<weft::join_handle<bool>> handles;
    for (int i = 0; i < 200; ++i) {
      handles.push_back(weft::spawn([i] {
        bool right = *number == 0;
        *number = i;
        for (int turn = 0; turn < 20; ++turn) {
          weft::yield();
          right = right && *number == i;
        }
        return right;
      }));
    }
    for (auto& h : handles) {
      CHECK(h.join() == true);
    }
    CHECK(*number == -1);
  });
}

TEST_CASE("[row 29] copies die with their fiber, newest variable first") {
  farewell.clear();
  in_fiber([] {
    CHECK(weft::spawn([] {
            (void)*second;
            (void)*third;
            (void)*first;
            CHECK(object->value == 3);
            CHECK(alive == 1);
          })
              .join()
              .has_value());
    CHECK(alive == 0);
    CHECK(farewell == "321");
  });
}

TEST_CASE("a fiber that never used a variable has none to destroy") {
  in_fiber([] {
    CHECK(weft::spawn([] { return alive.load(); }).join() == 0);
    CHECK(alive == 0);
  });
}

TEST_CASE("a plain thread has its copy, destroyed at its end") {
  std::thread([] {
    CHECK(*number == 0);
    *number = 12;
    CHECK(*number == 12);
    CHECK(object->value == 3);
    CHECK(alive == 1);
  }).join();
  CHECK(alive == 0);
  std::thread([] { CHECK(*number == 0); }).join();
}

TEST_CASE("making one variable may use another") {
  in_fiber([] { CHECK(weft::spawn([] { return depends->value; }).join() == 1); });
}

TEST_CASE("destroying one variable may use another, even one that is gone already") {
  farewell.clear();
  in_fiber([] {
    CHECK(weft::spawn([] {
            *needed = "kept";
            (void)*late;
          })
              .join()
              .has_value());
  });
  CHECK(farewell == "kept.");
  farewell.clear();
  in_fiber([] { CHECK(weft::spawn([] { (void)*late; }).join().has_value()); });
  CHECK(farewell == ".");
}

TEST_CASE("a destructor of a copy may suspend") {
  farewell.clear();
  in_fiber([] {
    auto h = weft::spawn([] { (void)*yielding; });
    weft::yield();
    CHECK(h.join().has_value());
    CHECK(farewell == "y");
  });
}
