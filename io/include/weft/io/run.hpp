#pragma once

#include <concepts>
#include <cstdlib>
#include <source_location>
#include <type_traits>
#include <utility>

#include <weft/io/backend.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/deadlock.hpp>
#include <weft/runtime/runtime.hpp>

namespace weft {

/// How run() builds its runtime. Name what you need: `weft::run(serve, {.workers = 4});`
struct run_options {
  /// 0: what the environment variable WEFT_WORKERS says, else as many as the process may use
  /// processors.
  unsigned workers = 0;
  scheduling mode = scheduling::work_stealing;
  io::backend_kind backend = io::backend_kind::automatic;
  /// As runtime_options::background.
  bool background = false;
  std::size_t stack_size = 256 * 1024;
  blocking_pool_options blocking = {};
  deadlock_watch deadlocks = deadlock_watch::from_environment;
};

namespace io {

/// The options for a `weft::runtime` that can do I/O: `weft::runtime r(weft::io::with_io({}));`
///
/// Errors: those of make_drivers(); `invalid_argument` when WEFT_WORKERS is not a number from 1 to
///   256. explain() has the sentence.
WEFT_API result<runtime_options> with_io(const run_options& options,
                                         backend_choice* chosen = nullptr);

}  // namespace io

namespace detail {

/// with_io(), or std::system_error.
WEFT_API runtime_options options_or_throw(const run_options& options);

/// From construction to destruction SIGINT and SIGTERM cancel `scope` instead of ending the
/// process, unless a signal_listener wants them; a second one ends it after all. Does nothing where
/// the system has no descriptor or thread for it; a runtime of one worker needs neither.
class WEFT_API interrupt_watch {
 public:
  explicit interrupt_watch(cancel_scope& scope);
  ~interrupt_watch();
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;

  /// Whether a signal came.
  bool is_interrupted() const noexcept;

 private:
  struct state;  // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final
  state* state_;
};

/// Prints why a program ends in failure.
WEFT_API void report_failure(std::error_code error) noexcept;
WEFT_API void report_exception() noexcept;

template <class R>
int exit_code_of(R&& returned, bool interrupted) noexcept {
  using T = std::remove_cvref_t<R>;
  if constexpr (std::is_integral_v<T>) {
    return static_cast<int>(returned);
  } else {
    if (!returned) {
      if (interrupted && returned.error() == errc::operation_canceled) {
        return EXIT_SUCCESS;
      }
      report_failure(returned.error());
      return EXIT_FAILURE;
    }
    if constexpr (std::is_integral_v<flatten_t<T>>) {
      return static_cast<int>(*returned);
    }
    return EXIT_SUCCESS;
  }
}

}  // namespace detail

/// Builds a runtime with I/O, calls `f()` in its first fiber, cancels what fibers are left when it
/// returns, and returns what it returned. The caller's thread is one of the workers.
///
/// Errors: throws std::system_error when there is no backend or no thread to be had, and whatever
///   `f` throws.
template <class F>
  requires std::invocable<std::decay_t<F>>
auto run(F&& f, const run_options& options = {},
         std::source_location site = std::source_location::current()) {
  runtime all(detail::options_or_throw(options));
  return all.run(std::forward<F>(f), site);
}

/// run() as the whole of main(): Ctrl-C (and SIGTERM) cancels `f`, whose waits then fail with
/// `operation_canceled`, so that it can end in order; a second Ctrl-C ends the process. With one
/// worker it is heard when a fiber waits, yields or asks whether it is cancelled. A program
/// that ends otherwise has a signal_listener, which gets the signals in place of this as long as it
/// lives.
///
/// Returns: what `f` returned if that is a number; otherwise 0, or 1 after printing the error or
///   exception with which `f` ended. Ending with `operation_canceled` because of Ctrl-C is no
///   error.
template <class F>
  requires std::invocable<std::decay_t<F>>
int run_main(F&& f, const run_options& options = {},
             std::source_location site = std::source_location::current()) noexcept {
  try {
    return run(
        [&f]() -> int {
          cancel_scope all;
          detail::interrupt_watch watch(all);
          if constexpr (std::is_void_v<std::invoke_result_t<std::decay_t<F>&>>) {
            std::forward<F>(f)();
            return EXIT_SUCCESS;
          } else {
            auto returned = std::forward<F>(f)();
            return detail::exit_code_of(std::move(returned), watch.is_interrupted());
          }
        },
        options, site);
  } catch (...) {
    detail::report_exception();
    return EXIT_FAILURE;
  }
}

}  // namespace weft
