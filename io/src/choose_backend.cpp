#include <cstdio>
#include <cstdlib>
#include <utility>

#include <weft/io/backend.hpp>
#include <weft/runtime/explain.hpp>

#include "available_backends.hpp"

/// Which backend a runtime gets. All that the platform can have are in one binary.
namespace weft::io {

namespace {

using detail::available_backend;
using detail::available_backends;

std::string names_of_available() {
  std::string names;
  for (const available_backend& one : available_backends()) {
    names.append(names.empty() ? "" : ", ").append(name_of(one.kind));
  }
  return names;
}

result<std::unique_ptr<backend>> make(backend_kind kind) {
  for (const available_backend& one : available_backends()) {
    if (one.kind == kind) {
      auto made = one.make();
      if (!made) {
        weft::detail::note_error(
            made.error(), "backend " + std::string(name_of(kind)) + ": " + made.error().message() +
                              " (leave WEFT_BACKEND and run_options::backend unset to get "
                              "one that works here)");
      }
      return made;
    }
  }
  const auto error = std::make_error_code(std::errc::function_not_supported);
  weft::detail::note_error(error, "backend " + std::string(name_of(kind)) +
                                      " does not exist on this system, which has " +
                                      names_of_available());
  return fail(error);
}

/// The first that works from `kind` on, and in `choice` which it is and what was wrong with the
/// better ones; else the error of the last.
result<std::unique_ptr<backend>> make_or_fall_back(backend_kind kind, backend_choice& choice) {
  result<std::unique_ptr<backend>> made;
  bool reached = kind == backend_kind::automatic;
  for (const available_backend& one : available_backends()) {
    reached = reached || one.kind == kind;
    if (!reached) {
      continue;
    }
    choice.kind = one.kind;
    made = one.make();
    if (made) {
      return made;
    }
    choice.reason += (choice.reason.empty() ? "" : ", ") + std::string(name_of(one.kind)) +
                     " is not to be had here (" + made.error().message() + ")";
  }
  weft::detail::note_error(made.error(), "no backend works here: " + choice.reason);
  return made;
}

/// Falls back for the workers after the first, too: the first ring may have taken the last locked
/// memory. All kinds of backend work side by side.
std::unique_ptr<driver> make_another(backend_kind kind) {
  backend_choice ignored;
  auto made = make_or_fall_back(kind, ignored);
  if (!made) {
    weft::detail::throw_system_error(made.error());
  }
  return std::move(*made);
}

driver_factory factory_of(backend_kind kind, std::unique_ptr<driver> first) {
  return [kind, first = std::move(first)](unsigned) mutable {
    return first ? std::move(first) : make_another(kind);
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
                                      ": no such backend; one of automatic, " +
                                      names_of_available());
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
    first = make_or_fall_back(wanted, choice);
    if (first && !choice.reason.empty()) {
      std::fprintf(stderr, "weft: %s; using %s\n", choice.reason.c_str(),
                   std::string(name_of(choice.kind)).c_str());
    }
  } else {
    first = make(wanted);
  }
  if (!first) {
    return fail(first.error());
  }
  if (chosen) {
    *chosen = choice;
  }
  return factory_of(choice.kind, std::move(*first));
}

}  // namespace weft::io
