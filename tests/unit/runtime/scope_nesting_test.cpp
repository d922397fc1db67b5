#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

/// Cancellation and time-out of every level, through every nesting of scopes four deep, compared
/// with a model: what a wait inside returns is decided by the innermost ended scope below all
/// shields.
using namespace std::chrono_literals;
using weft::errc;
using weft::testing::error_of;
using weft::testing::in_fiber;

namespace {

enum class kind { cancel, timeout, shield };
enum class end { none, canceled, expired };
constexpr std::size_t depth = 4;

using nesting = std::array<kind, depth>;

nesting nesting_number(std::size_t number) {
  nesting kinds{};
  for (kind& k : kinds) {
    k = static_cast<kind>(number % 3);
    number /= 3;
  }
  return kinds;
}

std::string describe(const nesting& kinds) {
  std::string text;
  for (const kind k : kinds) {
    text += k == kind::cancel ? 'c' : k == kind::timeout ? 't' : 's';
  }
  return text;
}

/// Scopes entered one by one and left in the reverse order.
class nest {
 public:
  explicit nest(const nesting& kinds) {
    for (std::size_t level = 0; level < depth; ++level) {
      switch (kinds[level]) {
        case kind::cancel:
          levels_[level].emplace<weft::cancel_scope>();
          break;
        case kind::timeout:
          levels_[level].emplace<weft::timeout_scope>(1h);
          break;
        case kind::shield:
          levels_[level].emplace<weft::shield>();
          break;
      }
    }
  }
  ~nest() {
    for (std::size_t level = depth; level-- > 0;) {
      levels_[level].emplace<std::monostate>();
    }
  }

  /// Ends the scope of that level in its own way.
  void finish(std::size_t level) {
    if (auto* scope = std::get_if<weft::cancel_scope>(&levels_[level])) {
      scope->cancel();
    } else if (auto* limit = std::get_if<weft::timeout_scope>(&levels_[level])) {
      (void)limit->reset(0ns);
    }
  }

  void leave(std::size_t level) { levels_[level].emplace<std::monostate>(); }

 private:
  std::array<std::variant<std::monostate, weft::cancel_scope, weft::timeout_scope, weft::shield>,
             depth>
      levels_;
};

/// What has become of each level, by the rules.
class model {
 public:
  explicit model(const nesting& kinds) : kinds_(kinds) {}

  void finish(std::size_t level) {
    if (kinds_[level] == kind::shield || ends_[level] != end::none) {
      return;
    }
    const end how = kinds_[level] == kind::cancel ? end::canceled : end::expired;
    for (std::size_t i = level; i < depth && kinds_[i] != kind::shield; ++i) {
      if (ends_[i] == end::none) {
        ends_[i] = how;
      }
    }
  }

  /// What a wait in the scope of that level returns.
  end at(std::size_t level) const { return ends_[level]; }

 private:
  nesting kinds_;
  std::array<end, depth> ends_{};
};

end observed() {
  const auto checked = weft::check_cancel();
  const auto waited = weft::sleep_for(0ns);
  CHECK(checked == waited);
  if (checked) {
    CHECK_FALSE(weft::why_canceled().has_value());
    return end::none;
  }
  CHECK(weft::why_canceled()->code == checked.error());
  return checked.error() == errc::timed_out ? end::expired : end::canceled;
}

void run_all() {
  for (std::size_t number = 0; number < 81; ++number) {
    const nesting kinds = nesting_number(number);
    CAPTURE(describe(kinds));
    for (std::size_t first = 0; first < depth; ++first) {
      for (std::size_t second = 0; second < depth; ++second) {
        nest scopes(kinds);
        model expected(kinds);
        for (const std::size_t ended : {first, second}) {
          scopes.finish(ended);
          expected.finish(ended);
        }
        for (std::size_t level = depth; level-- > 0;) {
          CHECK(observed() == expected.at(level));
          scopes.leave(level);
        }
        CHECK(observed() == end::none);
      }
    }
  }
}

}  // namespace

TEST_CASE("[row 64] [row 66] all nestings of scopes behave as the rules say, in fibers") {
  in_fiber([] { run_all(); }, {.workers = 1});
}

TEST_CASE("[row 64] [row 66] all nestings of scopes behave as the rules say, in plain threads") {
  run_all();
}

namespace {

/// Parks in the innermost scope while another fiber ends the scope of one level.
end end_while_parked(const nesting& kinds, std::size_t level) {
  nest scopes(kinds);
  auto other = weft::spawn([&] { scopes.finish(level); });
  const auto waited = weft::sleep_for(300us);
  weft::shield to_join;
  CHECK(other.join().has_value());
  if (waited) {
    return end::none;
  }
  return waited.error() == errc::timed_out ? end::expired : end::canceled;
}

}  // namespace

TEST_CASE(
    "[row 63] [row 64] a parked fiber is woken by the cancellation of any level not shielded") {
  in_fiber(
      [] {
        for (std::size_t number = 0; number < 81; ++number) {
          const nesting kinds = nesting_number(number);
          CAPTURE(describe(kinds));
          for (std::size_t level = 0; level < depth; ++level) {
            if (kinds[level] != kind::cancel) {
              continue;
            }
            model expected(kinds);
            expected.finish(level);
            CHECK(end_while_parked(kinds, level) == expected.at(depth - 1));
          }
        }
      },
      {.workers = 1});
}

TEST_CASE("a fiber with a small stack cancels scopes that are nested deeply") {
  constexpr int levels = 2000;
  in_fiber([] {
    weft::cancel_scope* outermost = nullptr;
    std::atomic<bool> is_down{false};
    auto deep = weft::spawn({.stack_size = 16 * 1024 * 1024}, [&] {
      const auto enter = [&](auto self, int left) -> weft::result<void> {
        weft::cancel_scope scope;
        if (!outermost) {
          outermost = &scope;
        }
        if (left > 0) {
          return self(self, left - 1);
        }
        is_down.store(true);
        return weft::sleep_for(1h);
      };
      CHECK(error_of(enter(enter, levels)) == errc::operation_canceled);
    });
    while (!is_down.load()) {
      weft::yield();
    }
    auto small = weft::spawn({.stack_size = 32 * 1024}, [&] { outermost->cancel(); });
    CHECK(small.join().has_value());
    CHECK(deep.join().has_value());
  });
}

TEST_CASE("[row 66] a parked fiber is woken by the deadline of any level not shielded") {
  in_fiber([] {
    std::vector<weft::join_handle<void>> handles;
    for (std::size_t number = 0; number < 81; ++number) {
      const nesting kinds = nesting_number(number);
      handles.push_back(weft::spawn([kinds] {
        for (std::size_t level = 0; level < depth; ++level) {
          if (kinds[level] != kind::timeout) {
            continue;
          }
          model expected(kinds);
          expected.finish(level);
          std::array<std::optional<weft::cancel_scope>, depth> cancels;
          std::array<std::optional<weft::timeout_scope>, depth> limits;
          std::array<std::optional<weft::shield>, depth> shields;
          for (std::size_t i = 0; i < depth; ++i) {
            if (kinds[i] == kind::cancel) {
              cancels[i].emplace();
            } else if (kinds[i] == kind::timeout) {
              limits[i].emplace(i == level ? weft::duration(1ms) : weft::duration(1h));
            } else {
              shields[i].emplace();
            }
          }
          // Where the deadline ends it, long: a machine that stalls must not let both pass at once.
          const bool ends_early = expected.at(depth - 1) == end::expired;
          const auto waited =
              weft::sleep_for(ends_early ? weft::duration(1h) : weft::duration(10ms));
          const end seen = waited ? end::none : end::expired;
          CHECK(seen == expected.at(depth - 1));
          if (!waited) {
            CHECK(error_of(waited) == errc::timed_out);
          }
          for (std::size_t i = depth; i-- > 0;) {
            cancels[i].reset();
            if (limits[i]) {
              const bool its_own = i == level;
              CHECK(limits[i]->is_expired() == its_own);
            }
            limits[i].reset();
            shields[i].reset();
          }
        }
      }));
    }
    for (auto& h : handles) {
      CHECK(h.join().has_value());
    }
  });
}
