#include "engine.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "arena.hpp"
#include "wait_word.hpp"

#if WEFT_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace weft::explore {

namespace {

constexpr std::size_t stack_size = std::size_t{256} * 1024;
constexpr std::int64_t start_of_time = 1'000'000'000;
/// How often in a row a thread may look again at what has not changed, while others could run: as
/// those do that spin for a while and then park.
constexpr int most_vain_looks = 2;

}  // namespace

detail::thread_parker& engine::parker_of(std::size_t number) noexcept {
  return *std::launder(reinterpret_cast<detail::thread_parker*>(threads_[number].parker.data()));
}

std::string engine::run(const program& body, schedule& decides) {
  history_.begin();
  decides_ = &decides;
  failure_.clear();
  trace_.clear();
  traced_thread_ = -1;
  step_ = 0;
  now_ = start_of_time;
  quiet_ = false;
  alone_ = true;
  borrowed_ = 0;
  outside_.sanitizer_fiber = detail::sanitizer_current_fiber();
  for (std::uint8_t i = 0; i < most_threads; ++i) {
    ::new (static_cast<void*>(threads_[i].parker.data())) detail::thread_parker;
    threads_[i].number = i;
    threads_[i].is = state::absent;
    threads_[i].last_event = 0;
  }
  prepare(threads_[0], body);
  running_ = threads_.data();
  current_ = this;
  arena::begin();
  switch_to(outside_, threads_[0].at, false);
  arena::end();
  current_ = nullptr;
  for (thread& t : threads_) {
    if (!failure_.empty() && t.memory) {
      abandoned_.push_back(std::move(t.memory));
    }
    if (failure_.empty()) {
      parker_of(t.number).~thread_parker();
    }
  }
  return failure_;
}

void engine::prepare(thread& t, const std::function<void()>& does) {
  const arena::pause off;
  if (!t.memory) {
    t.memory = std::make_unique_for_overwrite<std::byte[]>(stack_size);
    t.at.bottom = t.memory.get();
    t.at.size = stack_size;
    t.at.sanitizer_fiber = detail::sanitizer_make_fiber();
  }
#if WEFT_ASAN
  __asan_unpoison_memory_region(t.memory.get(), stack_size);  // frames that never returned
#endif
  const auto top =
      reinterpret_cast<std::uintptr_t>(t.memory.get() + stack_size) & ~std::uintptr_t{63};
  t.at.at =
      detail::make_context<&engine::enter>(reinterpret_cast<std::byte*>(top), stack_size - 64);
  t.at.stack = {};
  t.at.exceptions = {};
  t.does = &does;
  t.is = state::runnable;
  t.last_event = 0;
  t.relaxed = 0;
  t.until = forever;
  t.last_read = nullptr;
  t.cancels = false;
}

WEFT_NO_FAKE_STACK void engine::enter(void* self) noexcept {
  auto& entered = *static_cast<thread*>(self);
  detail::arrived_on_stack(entered.at.stack, &current_->leaver_->bottom, &current_->leaver_->size);
  current_->live(entered);
  std::terminate();
}

void engine::live(thread& self) {
  std::string thrown;  // fail() does not return, and must not leave the exception behind
  try {
    (*self.does)();
  } catch (const std::exception& what) {
    thrown = std::string("an exception has left a thread: ") + what.what();
  }
  if (!thrown.empty()) {
    fail(thrown);
  }
  if (self.number == 0) {
    look_for_leftovers();
    switch_to(self.at, outside_, true);
  }
  after(&self, access::update);
  self.is = state::ended;
  if (std::ranges::all_of(threads_, [](const thread& t) {
        return t.is == state::absent || t.is == state::ended || t.is == state::joining;
      })) {
    threads_[0].is = state::runnable;
  }
  ++step_;
  choose_next();
}

void engine::together(std::initializer_list<std::function<void()>> threads) {
  if (!alone_ || threads.size() >= most_threads) {
    fail("together() takes up to five threads, and they start no others");
  }
  thread& self = *running_;
  std::size_t number = 0;
  for (const auto& does : threads) {
    thread& t = threads_[++number];
    prepare(t, does);
    after(&t, access::update);
    history_.add(t.number, t.last_event, history_.at(&t), access::load, true);
  }
  alone_ = false;
  self.is = state::joining;
  ++step_;
  choose_next();
  alone_ = true;
  for (thread& t : threads_) {
    if (t.is == state::ended) {
      t.is = state::absent;
      after(&t, access::load);
    }
  }
}

WEFT_NO_FAKE_STACK void engine::switch_to(place& from, place& to, bool for_good) {
  leaver_ = &from;
  from.exceptions = std::exchange(*detail::thread_exception_state(), to.exceptions);
  if (&to != &outside_) {
    running_ = &threads_[static_cast<std::size_t>(
        std::ranges::find_if(threads_, [&](const thread& t) { return &t.at == &to; }) -
        threads_.begin())];
    borrowed_ = running_->number;
    arena::belongs_to(borrowed_);
  }
  detail::leaving_stack(from.stack, for_good, to.bottom, to.size, to.sanitizer_fiber);
  detail::switch_context(from.at, to.at, running_);
  detail::arrived_on_stack(from.stack, &leaver_->bottom, &leaver_->size);
}

void engine::fail(std::string what) {
  {
    const arena::pause off;
    failure_.assign(what.data(), what.size());  // `what` may be in the arena
  }
  switch_to(running_->at, outside_, false);
  std::terminate();
}

void engine::look_for_leftovers() {
  quiet_ = true;
  for (std::size_t i = 0; i < most_threads; ++i) {
    if (!threads_[i].memory) {
      continue;
    }
    const auto word = detail::wait_word::load(parker_of(i));
    if (detail::wait_word::is_waiting(detail::wait_word::state_of(word))) {
      fail("thread " + std::to_string(i) + " has begun a wait and neither parked nor abandoned it");
    }
    borrowed_ = i;
    const detail::wait_token token = detail::begin_wait_uncancelable();
    if (detail::park(token, clock::now(), "") != detail::wake_reason::timed_out) {
      fail("thread " + std::to_string(i) + " was woken once more than it has waited");
    }
  }
  borrowed_ = 0;
  if (arena::is_broken()) {
    fail("memory was freed twice");
  }
  if (const auto n = arena::live(); n != 0) {
    fail(std::to_string(n) + " objects were never freed");
  }
}

void engine::point(bool shared) {
  if (quiet_ || alone_) {
    return;
  }
  ++step_;
  if (step_ > how_.most_steps) {
    fail("livelock: no end after " + std::to_string(how_.most_steps) + " steps");
  }
  if (shared || decides_->asks_everywhere()) {
    choose_next();
  }
}

void engine::choose_next() {
  std::array<option, most_threads> options;
  const std::size_t count = list(options);
  if (count == 0) {
    fail("deadlock: " + describe_waiters());
  }
  std::size_t chosen = 0;
  if (count > 1) {
    const arena::pause off;
    chosen = decides_->choose({.step = step_,
                               .state = history_.state() + running_->number * 0x9e3779b97f4a7c15U,
                               .options = std::span(options).first(count)});
  }
  if (chosen >= count) {
    fail("the seed does not fit, or the program does not do the same each time");
  }
  go_to(threads_[options[chosen].who]);
}

bool engine::could_run(const thread& t) {
  return t.is == state::runnable ||
         (t.is == state::relaxing && history_.at(t.where).version != t.version);
}

/// In the order of preference; the first costs nothing.
std::size_t engine::list(std::array<option, most_threads>& options) {
  const arena::pause off;
  std::size_t count = 0;
  const bool goes_on = could_run(*running_);
  const auto add = [&](const thread& t, bool costs) {
    options[count++] = {t.number, static_cast<std::uint8_t>(costs)};
  };
  if (goes_on) {
    add(*running_, false);
  }
  for (const thread& t : threads_) {
    if (&t != running_ && could_run(t)) {
      add(t, goes_on);
    }
  }
  if (running_->is == state::relaxing && !goes_on && running_->relaxed < most_vain_looks) {
    add(*running_, false);
  }
  const auto first_timed = count;
  for (const thread& t : threads_) {
    if (t.is == state::waiting && t.until != forever) {
      add(t, true);
    }
  }
  std::ranges::sort(std::span(options).subspan(first_timed, count - first_timed), {},
                    [&](const option& one) { return std::pair(threads_[one.who].until, one.who); });
  if (first_timed == 0 && count > 0) {
    options[0].cost = 0;
  }
  if (count == 0) {  // nothing is left but to look again, in turn, until some give up
    for (const thread& t : threads_) {
      if (t.is == state::relaxing) {
        add(t, false);
      }
    }
    std::ranges::sort(std::span(options).first(count), {}, [&](const option& one) {
      return std::pair(threads_[one.who].relaxed, one.who);
    });
  }
  return count;
}

void engine::go_to(thread& next) {
  if (next.is == state::relaxing) {
    const arena::pause off;
    next.relaxed = could_run(next) ? 0 : next.relaxed + 1;
    history_.add(next.number, next.last_event);
  } else if (next.is == state::waiting) {
    const arena::pause off;
    now_ = std::max(now_, next.until.time_since_epoch().count());
    history_.add(next.number, next.last_event, history_.at(&now_), access::update, true);
    if (traces_) {
      trace_ += "\n  (the deadline of thread " + std::to_string(next.number) + " passes)";
    }
  }
  next.is = state::runnable;
  if (&next != running_) {
    thread& left = *running_;
    switch_to(left.at, next.at, left.is == state::ended);
  }
}

}  // namespace weft::explore
