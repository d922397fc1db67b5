#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include <weft/io/file.hpp>
#include <weft/io/rename.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

struct atomic_file_options {
  existing_file existing = existing_file::replace;
  /// commit() returns when a loss of power takes neither the contents nor the name away.
  bool durable = true;
  /// Of the file, less what the process's mask takes away. Without: those of the file that it
  /// replaces, or else those of any new file.
  std::optional<std::filesystem::perms> permissions = std::nullopt;
};

/// A file that appears at its path as a whole, or never: until commit() it has another name in the
/// same directory (.weft-, and a random number), and who opens the path meanwhile finds what was
/// there before.
///
/// What is replaced is the name: a symbolic link at the path is replaced itself, other names of the
/// old file keep the old contents, and so does who has it open. The new file belongs to the process
/// that made it, and has no attributes of the old one but its permissions. A process that dies
/// before it commits leaves the other name behind.
///
/// Suspends: every call, also the destructor of one that was not committed, until the blocking pool
///   has made the calls that it takes.
/// Errors: as io::file, and rename(); `file_exists`; `is_a_directory`; `closed` after commit() or
///   discard(). After an error the path has what it had before; but if the directory itself cannot
///   be synced, commit() says so after the file has appeared.
/// Cancellation: as io::file: commit() has either succeeded or changed nothing. Neither discard()
///   nor the destructor is a cancellation point.
/// Threads: one fiber or plain thread at a time.
class WEFT_API atomic_file {
 public:
  static result<atomic_file> create(const std::filesystem::path& path,
                                    const atomic_file_options& options = {});

  atomic_file(atomic_file&& other) noexcept;
  atomic_file& operator=(atomic_file&& other) noexcept;
  ~atomic_file() { discard(); }

  /// To write to, and to read from. Open until commit() or discard().
  file& contents() noexcept { return contents_; }

  /// Gives the file its name. After an error it may be tried again, without writing more.
  result<void> commit();
  /// Removes it, unless it was committed.
  void discard() noexcept;

 private:
  atomic_file(const std::filesystem::path& path, const atomic_file_options& options)
      : path_(path), options_(options) {}

  result<void> open_temporary(std::filesystem::perms permissions);

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty: there is none, or none any more
  atomic_file_options options_;
  file contents_;
};

/// Writes a whole file in such a way.
WEFT_API result<void> replace_file(const std::filesystem::path& path,
                                   std::span<const std::byte> contents,
                                   const atomic_file_options& options = {});
inline result<void> replace_file(const std::filesystem::path& path, std::string_view contents,
                                 const atomic_file_options& options = {}) {
  return replace_file(path, std::as_bytes(std::span(contents)), options);
}

}  // namespace weft::io
