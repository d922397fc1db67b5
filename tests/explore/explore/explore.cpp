#include <charconv>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include <explore/explore.hpp>

#include <weft/runtime/detail/scope.hpp>

#include "arena.hpp"
#include "engine.hpp"

namespace weft::explore {

namespace {

/// An assertion of the library ends the process, but not without the seed.
class abort_report {
 public:
  abort_report() noexcept : previous_(std::signal(SIGABRT, &say)) {}
  ~abort_report() { std::signal(SIGABRT, previous_); }
  abort_report(const abort_report&) = delete;
  abort_report& operator=(const abort_report&) = delete;

 private:
  static void say(int) {
    std::signal(SIGABRT, SIG_DFL);
    if (engine* run = engine::current()) {
      const arena::pause off;
      std::fprintf(stderr, "aborted in an explored program: WEFT_EXPLORE_SEED=%s\n",
                   run->seed().c_str());
    }
  }

  void (*const previous_)(int);
};

std::unique_ptr<schedule> schedule_of(std::string_view seed) {
  if (!seed.starts_with('r')) {
    return std::make_unique<fixed_schedule>(seed);
  }
  std::uint64_t number = 0;
  const auto read = std::from_chars(seed.data() + 1, seed.data() + seed.size(), number);
  if (read.ec != std::errc() || read.ptr != seed.data() + seed.size()) {
    throw std::invalid_argument("a seed is <step>.<thread>-<step>.<thread>..., 0, or r<number>");
  }
  return std::make_unique<random_walk>(number);
}

failure describe(const program& body, std::string what, const std::string& seed,
                 const options& how) {
  engine traced(how);
  traced.keep_trace();
  const auto same = schedule_of(seed);
  if (const std::string again = traced.run(body, *same); again != what) {
    what += " (not reproduced: " + (again.empty() ? "the seed's run is fine" : again) +
            "; does the program do the same each time?)";
  }
  return {std::move(what), seed, traced.trace()};
}

}  // namespace

report explore(const program& body, const options& how) {
  const abort_report on_abort;
  report done;
  engine runs(how);
  depth_first search(how.preemptions);
  bool more = true;
  while (more && done.runs < how.most_runs) {
    ++done.runs;
    if (std::string what = runs.run(body, search); !what.empty()) {
      done.found = describe(body, std::move(what), search.seed(), how);
      return done;
    }
    done.cut_short += search.was_cut_short() ? 1 : 0;
    if (runs.has_learnt()) {
      search.restart();  // more places matter than was known: what was left out may have, too
    } else {
      more = search.next();
    }
  }
  done.complete = !more;
  for (std::uint64_t i = 0; i < how.random_runs; ++i) {
    ++done.runs;
    random_walk walk(i);
    if (std::string what = runs.run(body, walk); !what.empty()) {
      done.found = describe(body, std::move(what), walk.seed(), how);
      return done;
    }
  }
  return done;
}

report replay(const program& body, std::string_view seed, const options& how) {
  const abort_report on_abort;
  engine traced(how);
  traced.keep_trace();
  const auto named = schedule_of(seed);
  report done;
  done.runs = 1;
  if (std::string what = traced.run(body, *named); !what.empty()) {
    done.found = failure{std::move(what), std::string(seed), traced.trace()};
  }
  return done;
}

void together(std::initializer_list<std::function<void()>> threads) {
  engine::current()->together(threads);
}

void expect(bool holds, const char* what) {
  if (!holds) {
    engine::current()->fail(what);
  }
}

void cancel(int thread) {
  engine::current()->cancel(static_cast<std::size_t>(thread));
}

int self() noexcept {
  return engine::current()->self();
}

}  // namespace weft::explore
