#pragma once

#include <weft/runtime/detail/compiler.hpp>

namespace weft::detail {

/// Ends the program with `weft: <sentence>` on standard error: for misuse that cannot be survived.
/// printf-style.
[[noreturn]] void fatal(const char* format, ...) noexcept WEFT_PRINTF_LIKE(1, 2);

}  // namespace weft::detail
