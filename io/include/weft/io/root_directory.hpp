#pragma once

#include <filesystem>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/io/file.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// A directory beyond which no path leads: for paths that come from others, such as a web server's
/// clients. The kernel looks at each step, so that neither "..", nor an absolute path, nor a
/// symbolic link, not even one put in the way meanwhile, gets out. Links that stay inside are
/// followed. The directory stays the same when it is renamed.
///
/// Suspends: every call, until the blocking pool has made it.
/// Errors: the system's; `cross_device_link` for a path that leads out; `operation_not_supported`
///   where the system cannot do that: it takes Linux 5.6 (openat2). `closed` once it was moved
///   from. The rest as io::file::open().
/// Cancellation, threads: as io::file. Several fibers may open files at once.
class WEFT_API root_directory {
 public:
  static result<root_directory> open(const std::filesystem::path& path);

  /// The path is relative to the directory.
  result<file> open_file(const std::filesystem::path& path, const file_options& options = {}) const;

 private:
  explicit root_directory(descriptor opened) noexcept : descriptor_(std::move(opened)) {}

  descriptor descriptor_;
};

}  // namespace weft::io
