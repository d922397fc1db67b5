#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/result.hpp>

#include "fiber.hpp"
#include "fiber_locals.hpp"
#include "thread_parker.hpp"

namespace weft {

namespace {

std::string text_of(const cancel_cause& cause) {
  std::string text = cause.reason;
  if (cause.code == errc::operation_canceled && cause.canceled_by != 0) {
    text += ", by fiber " + std::to_string(cause.canceled_by);
  }
  return text + ": " + make_error_code(cause.code).message();
}

}  // namespace

std::string explain(std::error_code error) {
  const detail::parker& self = detail::current_parker();
  const detail::fiber_extras* extras = self.is_fiber()
                                           ? static_cast<const detail::fiber&>(self).extras
                                           : static_cast<const detail::thread_parker&>(self).extras;
  if (extras && !extras->note.empty() && extras->noted_error == error) {
    return extras->note;
  }
  const auto cause = why_canceled();
  return cause && error == cause->code ? text_of(*cause) : error.message();
}

void detail::throw_system_error(std::error_code error) {
  // The exception may be caught elsewhere than the note was left. Its text ends with the code's
  // message anyway.
  std::string what = explain(error);
  const std::string ending = ": " + error.message();
  if (what.ends_with(ending)) {
    what.resize(what.size() - ending.size());
  }
  if (what == error.message()) {
    throw std::system_error(error);
  }
  throw std::system_error(error, what);
}

void detail::note_error(std::error_code error, std::string_view what) {
  fiber_extras& extras = extras_here();
  extras.noted_error = error;
  extras.note = what;
}

}  // namespace weft
