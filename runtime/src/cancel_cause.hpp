#pragma once

#include <optional>
#include <system_error>

#include <weft/runtime/cancel.hpp>

namespace weft::detail {

class fiber;

/// cause_of() as the fiber, which has finished, would have answered.
std::optional<cancel_cause> cause_in(const fiber& ended, std::error_code error) noexcept;

/// What cause_of() tells the calling fiber or thread from now on; null: nothing.
void remember_cause(const std::optional<cancel_cause>& cause) noexcept;

}  // namespace weft::detail
