#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <weft/io/file.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"

namespace weft::testing {

/// Opened for reading and writing, made where it is missing.
inline io::file make_file(const std::string& path, bool append = false) {
  return or_throw(io::file::open(path, {.access = io::file_access::read_write,
                                        .create = io::file_creation::if_missing,
                                        .append = append}));
}

inline std::string text_of(const io::file& from) {
  std::string text(static_cast<std::size_t>(or_throw(from.size())), '\0');
  or_throw(from.read_exact_at(0, bytes_of(text)));
  return text;
}

/// What is in a directory.
inline std::set<std::string> names_in(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

/// All calls on a file, with what they come to.
inline std::vector<std::error_code> errors_of_all(io::file& f) {
  std::array<std::byte, 4> buffer{};
  const std::array<std::span<std::byte>, 1> in{buffer};
  const std::array<std::span<const std::byte>, 1> out{buffer};
  return {error_of(f.read_at(0, buffer)),
          error_of(f.read_exact_at(0, buffer)),
          error_of(f.read_vectored_at(0, in)),
          error_of(f.write_at(0, buffer)),
          error_of(f.write_all_at(0, buffer)),
          error_of(f.write_vectored_at(0, out)),
          error_of(f.read(buffer)),
          error_of(f.read_exact(buffer)),
          error_of(f.write(buffer)),
          error_of(f.write_all(buffer)),
          error_of(f.sync()),
          error_of(f.sync_data()),
          error_of(f.size()),
          error_of(f.resize(1))};
}

bool all_are(const std::vector<std::error_code>& errors, std::error_code wanted) {
  return std::ranges::all_of(errors, [&](std::error_code e) { return e == wanted; });
}

}  // namespace weft::testing
