#pragma once

#include <cstdint>

namespace weft::io {

/// What a file is opened for.
enum class file_access : std::uint8_t { read, write, read_write };

/// What becomes of the file when it is opened.
enum class file_creation : std::uint8_t {
  never,       ///< it must be there, and stays as it is
  if_missing,  ///< it is made if it is not there
  always_new,  ///< it must not be there, not even as a link to nowhere
  truncate,    ///< it is made, or emptied
};

/// How io::file::open() opens one. What changes the file needs write access.
struct file_options {
  file_access access = file_access::read;
  file_creation create = file_creation::never;
  /// Every write goes to what is the end of the file at that moment, whoever else writes to it.
  bool append = false;
  /// Reads and writes go past the system's cache, between the device and the program's memory: for
  /// programs that have a cache of their own. Positions, sizes and addresses must then be multiples
  /// of file::direct_alignment(). Opening fails with `operation_not_supported` where the file
  /// system, or the operating system, has no such thing.
  bool direct = false;
  /// Of a file that is made; the process's mask takes some away. Windows: 0200 alone matters,
  /// without it the file is read-only.
  unsigned permissions = 0666;
};

}  // namespace weft::io
