#include <utility>

#include <weft/io/file_tree.hpp>

#include "pool_call.hpp"
#include "syscalls_paths.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;
using detail::ask_library;
using std::filesystem::path;

template <class T>
result<T> value_if(const result<void>& done, T value) {
  return done ? result<T>(std::move(value)) : fail(done.error());
}

}  // namespace

result<void> create_directory(const path& path, std::filesystem::perms permissions) {
  return detail::call_on_path("create directory", path,
                              [&]() noexcept { return sys::make_directory(path, permissions); });
}

result<bool> create_directories(const path& path) {
  bool made = false;
  const auto done = detail::call_on_path("create directory", path, [&] {
    return ask_library(sys::call::make_directory, [&](std::error_code& error) {
      made = std::filesystem::create_directories(path, error);
    });
  });
  return value_if(done, made);
}

result<void> remove(const path& path) {
  return detail::call_on_path("remove", path, [&]() noexcept { return sys::remove_path(path); });
}

result<std::uintmax_t> remove_all(const path& path) {
  std::uintmax_t removed = 0;
  const auto done = detail::call_on_path("remove", path, [&] {
    return ask_library(sys::call::remove, [&](std::error_code& error) {
      removed = std::filesystem::remove_all(path, error);
    });
  });
  return value_if(done, removed);
}

result<void> create_hard_link(const path& file, const path& link) {
  return detail::call_on_paths("link", file, link, [&] {
    return ask_library(sys::call::link, [&](std::error_code& error) {
      std::filesystem::create_hard_link(file, link, error);
    });
  });
}

result<void> create_symlink(const path& target, const path& link) {
  return detail::call_on_paths("link", target, link, [&] {
    return ask_library(sys::call::link, [&](std::error_code& error) {
      std::filesystem::create_symlink(target, link, error);
    });
  });
}

result<path> read_symlink(const path& link) {
  path target;
  const auto done = detail::call_on_path("read link", link, [&] {
    return ask_library(sys::call::resolve_path, [&](std::error_code& error) {
      target = std::filesystem::read_symlink(link, error);
    });
  });
  return value_if(done, std::move(target));
}

result<path> real_path(const path& any) {
  path real;
  const auto done = detail::call_on_path("resolve", any, [&] {
    return ask_library(sys::call::resolve_path, [&](std::error_code& error) {
      real = std::filesystem::canonical(any, error);
    });
  });
  return value_if(done, std::move(real));
}

}  // namespace weft::io
