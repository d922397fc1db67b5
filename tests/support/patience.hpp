#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>

#include <weft/runtime/config.hpp>

/// How much work a test does and how long it waits: less and longer under sanitizers, and both as
/// the environment says.
namespace weft::testing {

#if defined(WEFT_ASAN) || defined(WEFT_TSAN)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// A number from the environment, or `otherwise`.
inline double from_environment(const char* variable, double otherwise) {
  const char* const text = std::getenv(variable);
  return text ? std::strtod(text, nullptr) : otherwise;
}

/// `full` rounds of work, fewer under sanitizers; times WEFT_TEST_LOAD, at least one.
inline std::size_t rounds(std::size_t full) {
  const double load = from_environment("WEFT_TEST_LOAD", 1.0) / (sanitized ? 10 : 1);
  return std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(full) * load));
}

/// How long one test case may take before it counts as hanging; WEFT_TEST_PATIENCE in seconds. 0:
/// nobody looks, and the process has no thread for that.
inline std::chrono::nanoseconds patience() {
  const double seconds = from_environment("WEFT_TEST_PATIENCE", sanitized ? 180 : 55);
  return std::chrono::nanoseconds(static_cast<long long>(seconds * 1e9));
}

}  // namespace weft::testing
