#include <cstdio>
#include <cstdlib>
#include <utility>

#include <weft/io/backend.hpp>
#include <weft/runtime/explain.hpp>

#include "backends/epoll.hpp"
#include "backends/io_uring.hpp"

/// Which backend a runtime gets. All that the platform can have are in one binary.
namespace weft::io {

namespace {

result<std::unique_ptr<backend>> make(backend_kind kind) {
  switch (kind) {
    case backend_kind::io_uring:
      return make_io_uring_backend();
    case backend_kind::epoll:
      return make_epoll_backend();
    case backend_kind::automatic:
      break;
  }
  return fail(std::make_error_code(std::errc::invalid_argument));
}

/// Falls back for the workers after the first, too: the first ring may have taken the last locked
/// memory. All kinds of backend work side by side.
std::unique_ptr<driver> make_or_fall_back(backend_kind wanted) {
  auto made = make(wanted);
  if (!made && wanted != backend_kind::epoll) {
    made = make(backend_kind::epoll);
  }
  if (!made) {
    throw std::system_error(made.error(), "weft: no backend for a worker");
  }
  return std::move(*made);
}

driver_factory factory_of(backend_kind kind, std::unique_ptr<driver> first) {
  return [kind, first = std::move(first)](unsigned) mutable {
    return first ? std::move(first) : make_or_fall_back(kind);
  };
}

result<backend_kind> kind_from_environment() {
  const char* name = std::getenv("WEFT_BACKEND");
  if (!name || !*name) {
    return backend_kind::automatic;
  }
  if (const auto kind = backend_named(name)) {
    return *kind;
  }
  const auto error = std::make_error_code(std::errc::invalid_argument);
  weft::detail::note_error(error, std::string("WEFT_BACKEND=") + name +
                                      ": no such backend; one of automatic, io_uring, epoll");
  return fail(error);
}

}  // namespace

result<driver_factory> make_drivers(backend_kind wanted, backend_choice* chosen) {
  if (wanted == backend_kind::automatic) {
    auto named = kind_from_environment();
    if (!named) {
      return fail(named.error());
    }
    wanted = *named;
  }
  backend_choice choice{.kind = wanted, .reason = {}};
  result<std::unique_ptr<backend>> first;
  if (wanted == backend_kind::automatic) {
    choice.kind = backend_kind::io_uring;
    first = make(choice.kind);
    if (!first) {
      choice = {.kind = backend_kind::epoll,
                .reason = "io_uring is not to be had here (" + first.error().message() + ")"};
      std::fprintf(stderr, "weft: %s; using epoll\n", choice.reason.c_str());
      first = make(choice.kind);
    }
  } else {
    first = make(wanted);
  }
  if (!first) {
    weft::detail::note_error(first.error(),
                             "backend " + std::string(name_of(choice.kind)) + ": " +
                                 first.error().message() +
                                 " (leave WEFT_BACKEND and run_options::backend unset to get one "
                                 "that works here)");
    return fail(first.error());
  }
  if (chosen) {
    *chosen = choice;
  }
  return factory_of(choice.kind, std::move(*first));
}

}  // namespace weft::io
