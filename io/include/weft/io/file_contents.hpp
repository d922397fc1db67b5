#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Whole files, in one call each. Suspends, errors and cancellation: as io::file.

/// All that is in a file, bytes as they are.
///
/// Errors: also `file_too_large` when there is more than `limit`, `not_enough_memory`.
WEFT_API result<std::string> read_file(const std::string& path, std::size_t limit = SIZE_MAX);

/// Makes the file, or replaces what is in it, piece by piece: who reads it meanwhile, or after an
/// error, finds a part. Nothing is synced.
WEFT_API result<void> write_file(const std::string& path, std::span<const std::byte> contents);
inline result<void> write_file(const std::string& path, std::string_view contents) {
  return write_file(path, std::as_bytes(std::span(contents)));
}

/// Makes the file, or adds to its end. What others append at the same time comes before or after,
/// unless it is too much for one call of the system's. Nothing is synced.
WEFT_API result<void> append_file(const std::string& path, std::span<const std::byte> contents);
inline result<void> append_file(const std::string& path, std::string_view contents) {
  return append_file(path, std::as_bytes(std::span(contents)));
}

}  // namespace weft::io
