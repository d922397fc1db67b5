#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>

#include <weft/io/run.hpp>
#include <weft/runtime/explain.hpp>

namespace weft {

namespace {

result<unsigned> workers_from_environment() {
  const char* text = std::getenv("WEFT_WORKERS");
  if (!text || !*text) {
    return 0U;
  }
  unsigned workers = 0;
  const char* const end = text + std::char_traits<char>::length(text);
  const auto [rest, problem] = std::from_chars(text, end, workers);
  if (problem == std::errc() && rest == end && workers >= 1 && workers <= 256) {
    return workers;
  }
  const auto error = std::make_error_code(std::errc::invalid_argument);
  detail::note_error(error, std::string("WEFT_WORKERS=") + text + ": not a number from 1 to 256");
  return fail(error);
}

}  // namespace

result<runtime_options> io::with_io(const run_options& options, backend_choice* chosen) {
  runtime_options made{.workers = options.workers,
                       .mode = options.mode,
                       .background = options.background,
                       .stack_size = options.stack_size,
                       .blocking = options.blocking,
                       .deadlocks = options.deadlocks};
  if (made.workers == 0) {
    auto workers = workers_from_environment();
    if (!workers) {
      return fail(workers.error());
    }
    made.workers = *workers;
  }
  auto drivers = make_drivers(options.backend, chosen);
  if (!drivers) {
    return fail(drivers.error());
  }
  made.drivers = std::move(*drivers);
  return made;
}

runtime_options detail::options_or_throw(const run_options& options) {
  auto made = io::with_io(options);
  if (!made) {
    throw_system_error(made.error());
  }
  return std::move(*made);
}

void detail::report_failure(std::error_code error) noexcept {
  try {
    std::fprintf(stderr, "error: %s\n", explain(error).c_str());
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
  }
}

void detail::report_exception() noexcept {
  try {
    throw;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
  } catch (...) {
    std::fputs("error: an exception of unknown type\n", stderr);
  }
}

}  // namespace weft
