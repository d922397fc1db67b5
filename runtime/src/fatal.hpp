#pragma once

#include <weft/runtime/config.hpp>

namespace weft::detail {

/// Ends the program with `weft: <sentence>` on standard error: for misuse that cannot be survived.
/// printf-style.
[[noreturn]] void fatal(const char* format, ...) noexcept __attribute__((format(printf, 1, 2)));

}  // namespace weft::detail
