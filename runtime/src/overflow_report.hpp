#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "overflow.hpp"
#include "stack_guard.hpp"

namespace weft::detail {

/// A line of text, cut off where it would become too long. For code that may not allocate.
class report_line {
 public:
  report_line& operator<<(std::string_view text) noexcept;
  report_line& operator<<(std::uint64_t number) noexcept;

  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), length_}; }

 private:
  std::array<char, 1024> text_;
  std::size_t length_ = 0;
};

/// Asks the describer; false without one, too.
bool describe_running(fiber_brief& fiber) noexcept;

/// What there is to say about a fault in a stack's guard, a newline at its end; which fiber it was
/// is asked of the describer. Async-signal-safe.
[[nodiscard]] report_line overflow_report(const guard_hit& hit) noexcept;

}  // namespace weft::detail
