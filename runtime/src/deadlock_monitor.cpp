#include "deadlock_monitor.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "deadlock_text.hpp"
#include "runtime_core.hpp"
#include "small_sort.hpp"
#include "worker.hpp"

namespace weft {

namespace detail {

namespace {

constexpr auto shortest_period = std::chrono::milliseconds(100);
/// A look takes no more than a twentieth of the time.
constexpr int rest_per_look = 20;
/// What a cancellation or a signal could end is told when it has lasted so long.
constexpr auto patience = std::chrono::seconds(1);

thread_local int bystander_depth = 0;
std::atomic<int> interrupt_watches{0};

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) noexcept {
  return (hash ^ value) * 0x9e3779b97f4a7c15U + (hash >> 29);
}

std::uint64_t key_of(const wait_fact& wait) noexcept {
  const auto object = reinterpret_cast<std::uintptr_t>(wait.what.object);
  const auto core = reinterpret_cast<std::uintptr_t>(wait.waiter.core);
  return mix(mix(mix(1, wait.waiter.id), object), core);
}

/// Of both, those that are open in both.
std::vector<wait_fact> in_both(const std::vector<wait_fact>& before,
                               const std::vector<wait_fact>& after) {
  std::unordered_map<const parker*, std::uint64_t> seen;
  for (const wait_fact& w : before) {
    seen[w.waiter.who] = w.generation;
  }
  std::vector<wait_fact> both;
  for (const wait_fact& w : after) {
    const auto found = seen.find(w.waiter.who);
    if (found != seen.end() && found->second == w.generation) {
      both.push_back(w);
    }
  }
  small_sort(both, [](const wait_fact& w) { return w.waiter.id; });
  return both;
}

}  // namespace

deadlock_watch chosen_watch(deadlock_watch option) {
  const char* const text = std::getenv("WEFT_DEADLOCK");
  if (option != deadlock_watch::from_environment) {
    return option;
  }
  if (!text || !*text) {
    return deadlock_watch::off;
  }
  const std::string_view word = text;
  if (word == "report") {
    return deadlock_watch::report;
  }
  if (word == "abort") {
    return deadlock_watch::abort;
  }
  if (word == "off") {
    return deadlock_watch::off;
  }
  throw std::invalid_argument("WEFT_DEADLOCK=" + std::string(word) +
                              ": neither report, abort nor off");
}

deadlock_monitor& deadlock_monitor::instance() noexcept {
  static deadlock_monitor& one = *new deadlock_monitor;
  return one;
}

void deadlock_monitor::enlist(runtime_core& core, deadlock_watch how) {
  std::lock_guard hold(mutex_);
  if (!has_thread_) {
    std::thread([this] { run(); }).detach();
    has_thread_ = true;
  }
  runtimes_[&core] = how;
  changed_.notify_one();
}

void deadlock_monitor::withdraw(runtime_core& core) noexcept {
  std::lock_guard hold(mutex_);
  runtimes_.erase(&core);
  forget_holds_of(core);
  if (runtimes_.empty()) {
    first_seen_.clear();
    told_.clear();
  }
}

void deadlock_monitor::count_bystanders(int change) noexcept {
  std::lock_guard hold(mutex_);
  bystanders_ += static_cast<std::size_t>(change);
}

void deadlock_monitor::run() noexcept {
  std::unique_lock hold(mutex_);
  for (;;) {
    changed_.wait(hold, [this] { return !runtimes_.empty(); });
    const auto begin = std::chrono::steady_clock::now();
    try {
      look_and_tell(hold);
    } catch (const std::bad_alloc&) {
      // There may be memory the next time.
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    const auto period = std::max<std::chrono::nanoseconds>(shortest_period, rest_per_look * took);
    hold.unlock();
    std::this_thread::sleep_for(period);
    hold.lock();
  }
}

void deadlock_monitor::look_and_tell(std::unique_lock<std::mutex>& hold) {
  std::string text;
  bool is_certain = false;
  std::map<std::uint64_t, time_point> seen_now;
  for (const finding& found : judge(look(1))) {
    const auto before = first_seen_.find(found.key);
    const time_point since = before == first_seen_.end() ? clock::now() : before->second;
    seen_now[found.key] = since;
    if (is_news(found, since)) {
      text += found.text;
      is_certain = is_certain || found.verdict == deadlock_report::verdict::certain;
    }
  }
  first_seen_ = std::move(seen_now);
  if (text.empty()) {
    return;
  }
  const bool aborts = is_certain && std::ranges::any_of(runtimes_, [](const auto& r) {
                        return r.second == deadlock_watch::abort;
                      });
  if (!aborts) {
    hold.unlock();
  }
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  if (aborts) {
    std::abort();
  }
  hold.lock();
}

bool deadlock_monitor::is_news(const finding& found, time_point since) {
  const bool is_ripe = found.verdict == deadlock_report::verdict::certain ||
                       clock::now() - since >= duration(patience);
  return is_ripe && told_.insert(found.key).second;
}

deadlock_monitor::sighting deadlock_monitor::look(std::size_t callers) {
  std::vector<runtime_core*> cores;
  for (const auto& [core, how] : runtimes_) {
    cores.push_back(core);
  }
  const std::vector<resting_word> rests(resting_.begin(), resting_.end());
  const stillness before = observe(cores, rests);
  const std::vector<wait_fact> first = open_waits();
  std::vector<hold_fact> holds = known_holds();
  const auto threads = count_threads();
  std::vector<wait_fact> waits = in_both(first, open_waits());
  stillness after = observe(cores, rests);
  after.threads_rest = after.threads_rest && after == before;

  sighting seen;
  seen.is_watched = !cores.empty();
  seen.all = take_census(after, waits, threads, bystanders_ + callers);
  seen.all.interrupts = static_cast<std::size_t>(interrupt_watches.load());
  seen.graph = wait_graph(std::move(waits), std::move(holds));
  return seen;
}

std::vector<deadlock_monitor::finding> deadlock_monitor::judge(const sighting& seen) const {
  using verdict = deadlock_report::verdict;
  std::vector<finding> found;
  for (const bool firm : {true, false}) {
    for (const wait_graph::circle& c : seen.graph.circles(firm)) {
      std::uint64_t key = firm;
      for (const std::size_t i : c) {
        key += key_of(seen.graph.waits()[i]);  // the same wherever the circle is entered
      }
      found.push_back({.verdict = firm ? verdict::certain : verdict::possible,
                       .key = key,
                       .in_vain = false,
                       .text = (firm ? "weft: deadlock: " : "weft: possible deadlock: ") +
                               text_of(seen.graph, c)});
    }
  }
  if (!seen.all.is_in_vain()) {
    return found;
  }
  const bool certain = seen.all.interrupts == 0;
  std::uint64_t key = 2;
  for (const wait_fact& w : seen.graph.waits()) {
    key += key_of(w);
  }
  found.push_back({.verdict = certain ? verdict::certain : verdict::possible,
                   .key = key,
                   .in_vain = true,
                   .text = std::string(certain ? "weft: deadlock" : "weft: possible deadlock") +
                           ": every fiber waits, and nothing" +
                           (certain ? "" : " but an interrupt (Ctrl-C)") +
                           " is left that could wake one\n" + lines_of(seen.graph)});
  return found;
}

deadlock_report deadlock_monitor::report() {
  using verdict = deadlock_report::verdict;
  std::lock_guard hold(mutex_);
  // A plain thread that asks is not asleep, whatever it does next.
  const bool asks_itself = !worker::current() && bystander_depth == 0;
  const sighting seen = look(asks_itself ? 2 : 1);
  if (!seen.is_watched) {
    return {.found = verdict::none,
            .text =
                "weft: no runtime watches for deadlocks: set WEFT_DEADLOCK=report or "
                "runtime_options::deadlocks\n"};
  }
  deadlock_report made;
  for (const finding& f : judge(seen)) {
    const bool asker_may_help = f.in_vain && asks_itself;
    made.found = std::max(made.found, asker_may_help ? verdict::possible : f.verdict);
    made.text += asker_may_help ? "weft: possible deadlock: every fiber waits, and nothing but the "
                                  "thread that asks is left that could wake one\n"
                                : f.text;
  }
  made.text += "weft: " + std::to_string(seen.graph.waits().size()) +
               " waits; what could end one: " + hopes_of(seen.all) + '\n' + lines_of(seen.graph);
  return made;
}

deadlock_enlistment::deadlock_enlistment(runtime_core& core, deadlock_watch how) : core_(core) {
  deadlock_monitor::instance().enlist(core, how);
}
deadlock_enlistment::~deadlock_enlistment() {
  deadlock_monitor::instance().withdraw(core_);
}

resting_thread::resting_thread(const std::atomic<std::uint32_t>& word,
                               std::uint32_t seen) noexcept {
  deadlock_monitor& all = deadlock_monitor::instance();
  std::lock_guard hold(all.mutex_);
  try {
    where_ = all.resting_.insert(all.resting_.end(), {&word, seen});
  } catch (const std::bad_alloc&) {
    where_ = all.resting_.end();  // a stranger, then
  }
}
resting_thread::~resting_thread() {
  deadlock_monitor& all = deadlock_monitor::instance();
  std::lock_guard hold(all.mutex_);
  if (where_ != all.resting_.end()) {
    all.resting_.erase(where_);
  }
}

void count_interrupt_watches(int change) noexcept {
  interrupt_watches.fetch_add(change);
}

}  // namespace detail

deadlock_report find_deadlocks() {
  return detail::deadlock_monitor::instance().report();
}

bystander::bystander() noexcept {
  ++detail::bystander_depth;
  detail::deadlock_monitor::instance().count_bystanders(1);
}
bystander::~bystander() {
  --detail::bystander_depth;
  detail::deadlock_monitor::instance().count_bystanders(-1);
}

}  // namespace weft
