#pragma once

#include <compare>

#include <weft/runtime/config.hpp>

/// The version of the library; the build reads it from here.
#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0

namespace weft {

/// A version by its three numbers (semantic versioning).
struct version {
  int major_number;
  int minor_number;
  int patch_number;

  friend constexpr auto operator<=>(const version&, const version&) = default;
};

/// The version of the headers that a program was compiled with.
inline constexpr version header_version{WEFT_VERSION_MAJOR, WEFT_VERSION_MINOR, WEFT_VERSION_PATCH};

/// The version of the library that it runs with: another one if a shared library was replaced.
WEFT_API version library_version() noexcept;

}  // namespace weft
