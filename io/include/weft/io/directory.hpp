#pragma once

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <vector>

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// One of what is in a directory.
struct directory_entry {
  std::filesystem::path name;  ///< without the directory's own path
  /// Of a symbolic link: that it is one. `none` for what was gone when that was asked.
  std::filesystem::file_type type = std::filesystem::file_type::none;
};

/// The entries of a directory, one after another, in no order, "." and ".." left out.
///
///     auto all = or_throw(weft::io::directory::open("/var/spool"));
///     while (auto entry = all.next()) { ... }
///
/// What is made or removed meanwhile is among them or not.
///
/// Suspends: open(), and next() now and then, until the blocking pool has read some entries.
/// Errors: the system's; `end_of_stream` after the last entry; `invalid_argument` for a path with a
///   zero in it; those of blocking(); `operation_canceled` and `timed_out` when a scope around the
///   caller ends: then next() can be called again. What explain() says names the path.
/// Cancellation: a call that has not begun is not made, one that has is waited for.
/// Threads: one fiber or plain thread at a time.
class WEFT_API directory {
 public:
  static result<directory> open(const std::filesystem::path& path);

  result<directory_entry> next();

 private:
  directory() = default;
  void read_some();

  std::filesystem::path path_;
  std::filesystem::directory_iterator unread_;
  std::vector<directory_entry> entries_;
  std::size_t taken_ = 0;
  std::error_code error_;  // what comes after the entries
};

}  // namespace weft::io
