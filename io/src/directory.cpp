#include <utility>

#include <weft/io/directory.hpp>

#include "pool_call.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;
using std::filesystem::file_type;

// So many are worth a way to the pool and back.
constexpr std::size_t at_once = 128;

/// Mostly known from the directory itself; the library asks the system where it is not.
file_type type_of(const std::filesystem::directory_entry& entry) noexcept {
  std::error_code ignored;
  if (entry.is_symlink(ignored)) {
    return file_type::symlink;
  }
  if (entry.is_regular_file(ignored)) {
    return file_type::regular;
  }
  if (entry.is_directory(ignored)) {
    return file_type::directory;
  }
  const file_type asked = entry.symlink_status(ignored).type();
  return asked == file_type::not_found ? file_type::none : asked;
}

}  // namespace

result<directory> directory::open(const std::filesystem::path& path) {
  directory opened;
  const auto done = detail::call_on_path("list", path, [&] {
    opened.path_ = path;
    return detail::ask_library(sys::call::list_directory, [&](std::error_code& error) {
      opened.unread_ = std::filesystem::directory_iterator(path, error);
    });
  });
  return done ? result<directory>(std::move(opened)) : fail(done.error());
}

void directory::read_some() {
  const std::filesystem::directory_iterator end;
  entries_.clear();
  taken_ = 0;
  const int number = detail::ask_library(sys::call::list_directory, [&](std::error_code& error) {
    while (!error && unread_ != end && entries_.size() < at_once) {
      entries_.push_back({.name = unread_->path().filename(), .type = type_of(*unread_)});
      unread_.increment(error);
    }
  });
  if (number < 0) {
    error_ = sys::error_of(number);
  } else if (unread_ == end) {
    error_ = errc::end_of_stream;
  }
}

result<directory_entry> directory::next() {
  if (taken_ == entries_.size() && !error_) {
    const auto read = detail::call_on_pool([this] { read_some(); });
    if (!read) {
      return fail(read.error());
    }
  }
  if (taken_ < entries_.size()) {
    return std::move(entries_[taken_++]);
  }
  if (error_ == errc::end_of_stream) {
    return fail(error_);
  }
  return detail::refused("list", path_, error_);
}

}  // namespace weft::io
