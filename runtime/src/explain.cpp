#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/error_background.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/duration_text.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/result.hpp>

#include "cancel_cause.hpp"
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
  if (cause.where.line() != 0) {
    text += " (" + format_duration(cause.limit) + ", made at " + cause.where.file_name() + ":" +
            std::to_string(cause.where.line()) + ")";
  }
  return text + ": " + make_error_code(cause.code).message();
}

detail::fiber_extras* extras_if_any(const detail::parker& of) noexcept {
  return of.is_fiber() ? static_cast<const detail::fiber&>(of).extras
                       : static_cast<const detail::thread_parker&>(of).extras;
}

}  // namespace

std::string explain(std::error_code error) {
  const detail::fiber_extras* extras = extras_if_any(detail::current_parker());
  if (extras && !extras->note.empty() && extras->noted_error == error) {
    return extras->note;
  }
  const auto cause = cause_of(error);
  return cause ? text_of(*cause) : error.message();
}

std::string detail::explanation_of(std::error_code error, const error_background& known) {
  if (!known.note.empty()) {
    return known.note;
  }
  return known.cause ? text_of(*known.cause) : error.message();
}

detail::error_background detail::take_background(fiber& ended, std::error_code error) noexcept {
  error_background known{.cause = cause_in(ended, error), .note = {}};
  if (ended.extras && ended.extras->noted_error == error) {
    known.note = std::move(ended.extras->note);
  }
  return known;
}

detail::error_background detail::background_here(std::error_code error) noexcept {
  error_background known{.cause = cause_of(error), .note = {}};
  try {
    if (const fiber_extras* mine = extras_if_any(current_parker());
        mine && mine->noted_error == error) {
      known.note = mine->note;
    }
  } catch (const std::bad_alloc&) {
    known.note.clear();
  }
  return known;
}

void detail::adopt_background(std::error_code error, const error_background& from) noexcept {
  if (error == errc::operation_canceled || error == errc::timed_out) {
    remember_cause(from.cause);
  }
  fiber_extras* const mine = extras_if_any(current_parker());
  if (from.note.empty()) {
    if (mine && mine->noted_error == error) {
      mine->note.clear();
    }
    return;
  }
  try {
    note_error(error, from.note);
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch)
    // Then the cause or the code's own message has to do.
  }
}

void detail::inherit_background(fiber& ended, std::error_code error) noexcept {
  adopt_background(error, take_background(ended, error));
}

namespace {

/// Says what explain() says, no more and no less: std::system_error would add the code's message,
/// which most explanations have already.
class explained_error final : public std::system_error {
 public:
  explained_error(std::error_code error, std::string what)
      : system_error(error), what_(std::make_shared<const std::string>(std::move(what))) {}

  const char* what() const noexcept override { return what_->c_str(); }

 private:
  std::shared_ptr<const std::string> what_;  // a copy of an exception must not throw
};

}  // namespace

void detail::throw_system_error(std::error_code error) {
  // Now, for the exception may be caught elsewhere than the note was left.
  throw explained_error(error, explain(error));
}

void detail::note_error(std::error_code error, std::string_view what) {
  fiber_extras& extras = extras_here();
  extras.noted_error = error;
  extras.note = what;
}

}  // namespace weft
