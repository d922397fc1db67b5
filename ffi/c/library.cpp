#include "library.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/runtime/version.hpp>

#include "handle_table.hpp"
#include "options.hpp"
#include "own_threads.hpp"

/// Starting and stopping.
///
/// `current` is what calls use; `owned` and `starts` are guarded by `mutex`. A thread that uses the
/// runtime counts itself in `users` before it looks at `current`, and weft_stop() clears `current`
/// before it looks at `users`, both seq_cst: one of them sees the other.
///
/// The order of stopping: no thread gets at the runtime any more; its fibers are cancelled and end;
/// all handles are closed, which wakes the threads that wait on one; the runtime goes. `mutex` is
/// not held meanwhile, because the fibers that have to end may call weft_start() or weft_stop().
namespace weft::c {

namespace {

constinit std::atomic<runtime*> current{nullptr};
constinit std::atomic<std::uint32_t> users{0};

struct state {
  std::mutex mutex;
  std::condition_variable stopped;
  std::unique_ptr<runtime> owned;
  int starts = 0;
  bool is_stopping = false;
};

state& here() noexcept {
  // Never destroyed: a program may end without weft_stop(), while our threads run.
  // Without memory for it nothing works.
  static state& only = *new state;  // NOLINT(bugprone-unhandled-exception-at-new)
  return only;
}

/// By WEFT_BACKEND_...
constexpr std::array backends{io::backend_kind::automatic, io::backend_kind::io_uring,
                              io::backend_kind::epoll,     io::backend_kind::poll,
                              io::backend_kind::kqueue,    io::backend_kind::iocp};
static_assert(backends.size() == WEFT_BACKEND_IOCP + 1);

int start(const weft_start_options& options) {
  if (options.flags & ~std::uint32_t{WEFT_START_PINNED}) {
    return misused(WEFT_E_UNKNOWN_OPTION, "weft_start_options.flags");
  }
  if (options.workers > 256) {
    return misused(WEFT_E_INVALID_ARGUMENT, "weft_start_options.workers is above 256");
  }
  run_options how{.workers = options.workers, .background = true};
  if (options.backend >= backends.size()) {
    return misused(WEFT_E_UNKNOWN_OPTION, "weft_start_options.backend");
  }
  how.backend = backends[options.backend];
  if (options.flags & WEFT_START_PINNED) {
    how.mode = scheduling::pinned;
  }
  if (options.stack_size > 0) {
    if (!is_stack_size(options.stack_size)) {
      return misused(WEFT_E_INVALID_ARGUMENT,
                     "weft_start_options.stack_size is not 16 KiB to 1 GiB");
    }
    how.stack_size = static_cast<std::size_t>(options.stack_size);
  }
  auto made = io::with_io(how);
  if (!made) {
    return failed(made.error());
  }
  start_own_threads([&] { here().owned = std::make_unique<runtime>(std::move(*made)); });
  current.store(here().owned.get());
  return WEFT_OK;
}

int stop() {
  state& mine = here();
  {
    const std::lock_guard hold(mine.mutex);
    if (mine.starts == 0 || mine.is_stopping) {
      return misused(WEFT_E_NOT_STARTED);
    }
    if (mine.starts > 1) {
      return --mine.starts;
    }
    mine.is_stopping = true;
  }
  current.store(nullptr);
  while (users.load() > 0) {
    std::this_thread::yield();
  }
  mine.owned->shutdown();
  handles::close_all();
  mine.owned.reset();
  {
    const std::lock_guard hold(mine.mutex);
    mine.starts = 0;
    mine.is_stopping = false;
  }
  mine.stopped.notify_all();
  return WEFT_OK;
}

}  // namespace

namespace {
thread_local bool does_fibers_work = false;
}

blocking_call::blocking_call(bool for_a_fiber) noexcept
    : before_(std::exchange(does_fibers_work, does_fibers_work || for_a_fiber)) {}

blocking_call::~blocking_call() {
  does_fibers_work = before_;
}

bool blocking_call::is_running() noexcept {
  return does_fibers_work;
}

running::running() noexcept : runtime_(runtime::current()) {
  if (runtime_) {
    return;
  }
  counted_ = true;
  users.fetch_add(1);
  runtime_ = current.load();
}

running::~running() {
  if (counted_) {
    users.fetch_sub(1);
  }
}

}  // namespace weft::c

using namespace weft::c;

extern "C" {

int weft_c_version() noexcept {
  return WEFT_C_VERSION;
}

#define WEFT_TEXT_OF(number) WEFT_TEXT(number)
#define WEFT_TEXT(number) #number

const char* weft_version_text() noexcept {
  return WEFT_TEXT_OF(WEFT_VERSION_MAJOR) "." WEFT_TEXT_OF(WEFT_VERSION_MINOR) "." WEFT_TEXT_OF(
      WEFT_VERSION_PATCH);
}

int weft_start(const weft_start_options* options) noexcept {
  return guarded([&] {
    weft_start_options wanted{};
    if (const int error = read_options(options, wanted)) {
      return error;
    }
    state& mine = here();
    std::unique_lock hold(mine.mutex);
    if (mine.is_stopping && (in_fiber() || blocking_call::is_running())) {
      return misused(WEFT_E_NOT_STARTED, "weft_stop() waits for this fiber");
    }
    mine.stopped.wait(hold, [&] { return !mine.is_stopping; });
    if (mine.starts == 0) {
      if (const int error = start(wanted)) {
        return error;
      }
    }
    return ++mine.starts > 1 ? 1 : WEFT_OK;
  });
}

int weft_stop() noexcept {
  if (in_fiber() || blocking_call::is_running()) {
    return misused(WEFT_E_WRONG_THREAD, "weft_stop() in a fiber would wait for that fiber");
  }
  return guarded(stop);
}
}
