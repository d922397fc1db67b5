#include <weft/runtime/runtime.hpp>

#include "fatal.hpp"
#include "runtime_core.hpp"
#include "wait_word.hpp"
#include "worker.hpp"

namespace weft {

runtime::runtime(runtime_options options)
    : core_(std::make_unique<detail::runtime_core>(options, *this)) {}

runtime::~runtime() {
  core_->shutdown();
}

void runtime::shutdown() noexcept {
  core_->shutdown();
}

unsigned runtime::workers() const noexcept {
  return core_->worker_count();
}

runtime* runtime::current() noexcept {
  detail::worker* here = detail::worker::current();
  return here ? &here->core().face() : nullptr;
}

void runtime::drive(detail::fiber* f) noexcept {
  if (detail::worker::current()) {
    detail::fatal(
        "runtime::run() was called by a fiber and would block its worker: spawn() and "
        "join() instead");
  }
  struct state {
    detail::runtime_core& core;
    std::atomic<bool> done{false};
  } end{*core_};
  detail::set_completion_hook(
      f,
      [](detail::fiber*, void* context) noexcept {
        auto* ended = static_cast<state*>(context);
        ended->core.signal(ended->done);
      },
      &end);
  const detail::runtime_core::turn mine(*core_);
  detail::start_fiber(f);
  core_->wait_until(mine, end.done);
}

runtime_statistics runtime::statistics() const noexcept {
  runtime_statistics sum;
  sum.workers = core_->worker_count();
  sum.awake_workers = core_->idle().awake();
  sum.live_fibers = core_->live_fibers();
  for (unsigned i = 0; i < sum.workers; ++i) {
    const detail::worker_counters& c = core_->worker_at(i).counters();
    sum.spawned += c.spawned.load(std::memory_order_relaxed);
    sum.switches += c.switches.load(std::memory_order_relaxed);
    sum.polls += c.polls.load(std::memory_order_relaxed);
    sum.sleeps += c.sleeps.load(std::memory_order_relaxed);
    sum.steals += c.steals.load(std::memory_order_relaxed);
    sum.rescues += c.rescues.load(std::memory_order_relaxed);
  }
  sum.spawned += core_->spawned_outside();
  const detail::stack_statistics stacks = core_->stacks().statistics();
  sum.stacks_in_use = stacks.in_use;
  sum.stacks_free = stacks.free;
  sum.unguarded_stacks = stacks.unguarded;
  return sum;
}

namespace {

const char* state_of(const detail::fiber& f) noexcept {
  if (f.on_cpu.load(std::memory_order_relaxed)) {
    return "running";
  }
  const auto state = detail::wait_word::state_of(detail::wait_word::load(f));
  return detail::wait_word::is_waiting(state) ? "waiting" : "ready";
}

}  // namespace

void runtime::dump_fibers(std::FILE* out) const noexcept {
  std::lock_guard hold(core_->names());
  core_->fibers().for_each([out](const detail::fiber& f) {
    if (!f.alive.load(std::memory_order_acquire)) {
      return;
    }
    const std::source_location site = f.site;
    const char* waiting_for = f.waiting_for.load(std::memory_order_relaxed);
    std::fprintf(out, "fiber %llu \"%s\" %s%s%s, spawned at %s:%u\n",
                 static_cast<unsigned long long>(f.id), f.extras ? f.extras->name.c_str() : "",
                 state_of(f), waiting_for ? " for " : "", waiting_for ? waiting_for : "",
                 site.file_name(), static_cast<unsigned>(site.line()));
  });
}

}  // namespace weft
