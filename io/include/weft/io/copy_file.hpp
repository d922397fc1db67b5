#pragma once

#include <cstdint>
#include <filesystem>

#include <weft/io/rename.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

struct copy_file_options {
  existing_file existing = existing_file::refuse;
  /// The call returns when a loss of power does not take the copy away.
  bool durable = false;
};

/// Copies a file's contents and permissions, without those to become its owner (set-user-ID and the
/// like); returns its size. The copy appears as a whole or not at all, as an io::atomic_file: an
/// error, a cancellation or a file copied onto itself costs nothing.
///
/// Where the kernel can, it copies by itself, or lets both files share what they have in common
/// until one of them is changed (copy_file_range); else the contents are read and written.
///
/// Suspends: until all is copied.
/// Errors: as io::file and io::atomic_file.
/// Cancellation: between parts of a few megabytes.
/// Threads: any, fibers or not: a plain thread blocks.
WEFT_API result<std::uint64_t> copy_file(const std::filesystem::path& from,
                                         const std::filesystem::path& to,
                                         const copy_file_options& options = {});

}  // namespace weft::io
