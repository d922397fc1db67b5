#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <exception>
#include <random>
#include <string>
#include <utility>

#include <weft/io/atomic_file.hpp>
#include <weft/io/file_status.hpp>

#include "pool_call.hpp"
#include "syscalls_paths.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;
using std::filesystem::perms;

constexpr perms of_owner = perms::owner_read | perms::owner_write;
constexpr perms of_any_new =
    of_owner | perms::group_read | perms::group_write | perms::others_read | perms::others_write;

std::uint64_t random_number() {
  try {
    std::random_device any;
    return std::uint64_t{any()} << 32 | any();
  } catch (const std::exception&) {
    // The system has none to give: it need not be secret, only different.
    return static_cast<std::uint64_t>(wall_clock::now().time_since_epoch().count());
  }
}

/// Short, for the name that it stands for may be as long as names get.
std::string random_name() {
  std::string name = ".weft-";
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), random_number(), 16).ptr;
  return name.append(digits.begin(), end);
}

/// Nothing can be done if that fails.
void remove_now(const std::filesystem::path& path) noexcept {
  if (sys::remove_path(path) < 0) {
    // Windows does not remove what is read-only.
    sys::set_path_permissions(path, of_owner);
    sys::remove_path(path);
  }
}

}  // namespace

atomic_file::atomic_file(atomic_file&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      options_(other.options_),
      contents_(std::move(other.contents_)) {}

atomic_file& atomic_file::operator=(atomic_file&& other) noexcept {
  atomic_file taken(std::move(other));
  std::swap(path_, taken.path_);
  std::swap(temporary_, taken.temporary_);
  std::swap(options_, taken.options_);
  std::swap(contents_, taken.contents_);
  return *this;
}

result<void> atomic_file::open_temporary(perms permissions) {
  constexpr int most_tries = 100;
  for (int tries = 1;; ++tries) {
    const std::filesystem::path name = path_.parent_path() / random_name();
    auto opened =
        file::open(detail::text_of(name), {.access = file_access::read_write,
                                           .create = file_creation::always_new,
                                           .permissions = static_cast<unsigned>(permissions)});
    if (opened) {
      contents_ = std::move(*opened);
      temporary_ = name;
      return {};
    }
    if (opened.error() != std::errc::file_exists || tries == most_tries) {
      return fail(opened.error());
    }
  }
}

result<atomic_file> atomic_file::create(const std::filesystem::path& path,
                                        const atomic_file_options& options) {
  constexpr auto what = "replace";
  if (detail::has_zero(path)) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  file_status there;
  const auto seen = detail::call_on_pool(
      [&]() noexcept { return sys::status_of_path(path, sys::link_use::kept, there); });
  if (!seen) {
    return fail(seen.error());
  }
  if (*seen < 0 && *seen != -ENOENT) {
    return detail::refused(what, path, sys::error_of(*seen));
  }
  const bool exists = *seen == 0;
  if (!path.has_filename() || there.type == std::filesystem::file_type::directory) {
    return detail::refused(what, path, sys::error_of(-EISDIR));
  }
  if (exists && options.existing == existing_file::refuse) {
    return detail::refused(what, path, sys::error_of(-EEXIST));
  }
  try {
    atomic_file made(path, options);
    // Not even for a moment may more people read it than may read the old one.
    const bool keeps = there.type == std::filesystem::file_type::regular && !options.permissions;
    if (auto opened =
            made.open_temporary(keeps ? of_owner : options.permissions.value_or(of_any_new));
        !opened) {
      return fail(opened.error());
    }
    if (keeps) {
      if (auto set = set_permissions(made.contents_, there.permissions); !set) {
        return fail(set.error());
      }
    }
    return made;
  } catch (const std::bad_alloc&) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

result<void> atomic_file::commit() {
  if (temporary_.empty()) {
    return fail(errc::closed);
  }
  if (contents_.is_open()) {
    if (options_.durable) {
      if (auto synced = contents_.sync(); !synced) {
        return synced;
      }
    }
    contents_.close();
  }
  const std::filesystem::path directory = path_.parent_path();
  return detail::call_on_path("replace", path_, [&]() noexcept {
    const int renamed = sys::rename_path(temporary_, path_, options_.existing);
    if (renamed < 0) {
      return renamed;
    }
    temporary_.clear();
    return options_.durable ? sys::sync_directory(directory) : 0;
  });
}

void atomic_file::discard() noexcept {
  contents_.close();
  if (temporary_.empty()) {
    return;
  }
  const std::filesystem::path gone = std::exchange(temporary_, {});
  const shield until_removed;
  const auto remove = [&gone]() noexcept { remove_now(gone); };
  if (!blocking(remove)) {
    remove();  // there is no thread for it
  }
}

result<void> replace_file(const std::filesystem::path& path, std::span<const std::byte> contents,
                          const atomic_file_options& options) {
  auto made = atomic_file::create(path, options);
  if (!made) {
    return fail(made.error());
  }
  if (auto written = made->contents().write_all(contents); !written) {
    return written;
  }
  return made->commit();
}

}  // namespace weft::io
