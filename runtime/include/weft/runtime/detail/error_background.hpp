#pragma once

#include <optional>
#include <string>
#include <system_error>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/config.hpp>

/// What the fiber or thread that got an error knows of it beyond its code, on its way to another.
namespace weft::detail {

class fiber;

struct error_background {
  std::optional<cancel_cause> cause;  // cause_of()
  std::string note;                   // of note_error(); may be empty
};

/// Of a finished fiber, before it is reaped. Allocates nothing.
WEFT_API error_background take_background(fiber& ended, std::error_code error) noexcept;

/// The caller's own. Where there is no memory, the note is missing.
WEFT_API error_background background_here(std::error_code error) noexcept;

/// Makes it the caller's, for whom explain() and cause_of() then answer as they would have there.
/// Where there is no memory, the note is missing.
WEFT_API void adopt_background(std::error_code error, const error_background& from) noexcept;

/// What explain() says then.
WEFT_API std::string explanation_of(std::error_code error, const error_background& known);

/// Both, for the caller who joins a fiber that failed.
WEFT_API void inherit_background(fiber& ended, std::error_code error) noexcept;

}  // namespace weft::detail
