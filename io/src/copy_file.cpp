#include <cstddef>
#include <span>
#include <vector>

#include <weft/io/atomic_file.hpp>
#include <weft/io/copy_file.hpp>
#include <weft/io/file_status.hpp>

#include "pool_call.hpp"
#include "syscalls_paths.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;
using std::filesystem::perms;

// Of one call that cannot be interrupted.
constexpr std::size_t most_in_kernel = std::size_t{16} << 20;
constexpr std::size_t most_in_memory = std::size_t{256} << 10;

/// How far the kernel gets by itself. Why it goes no further nobody need know: if it is not the end
/// of the file, or that it cannot copy these, reading or writing will fail as well.
result<std::uint64_t> copy_in_kernel(const file& from, const file& to) {
  const int source = from.descriptor().native_handle();
  const int target = to.descriptor().native_handle();
  for (std::uint64_t done = 0;;) {
    const auto copied = detail::call_on_pool(
        [=]() noexcept { return sys::copy_range(source, target, done, most_in_kernel); });
    if (!copied) {
      return fail(copied.error());
    }
    if (*copied <= 0) {
      return done;
    }
    done += static_cast<std::uint64_t>(*copied);
  }
}

/// The rest; returns the file's size.
result<std::uint64_t> copy_by_hand(const file& from, const file& to, std::uint64_t done) {
  std::vector<std::byte> buffer;
  try {
    buffer.resize(most_in_memory);
  } catch (const std::bad_alloc&) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
  for (;;) {
    const auto n = from.read_at(done, buffer);
    if (!n && n.error() == errc::end_of_stream) {
      return done;
    }
    if (!n) {
      return fail(n.error());
    }
    if (auto written = to.write_all_at(done, std::span(buffer).first(*n)); !written) {
      return fail(written.error());
    }
    done += *n;
  }
}

}  // namespace

result<std::uint64_t> copy_file(const std::filesystem::path& from, const std::filesystem::path& to,
                                const copy_file_options& options) {
  constexpr perms of_owner = perms::owner_read | perms::owner_write;
  auto source = file::open(detail::text_of(from));
  if (!source) {
    return fail(source.error());
  }
  const auto what = status(*source);
  if (!what) {
    return fail(what.error());
  }
  auto copy = atomic_file::create(
      to, {.existing = options.existing, .durable = options.durable, .permissions = of_owner});
  if (!copy) {
    return fail(copy.error());
  }
  const auto done = copy_in_kernel(*source, copy->contents());
  if (!done) {
    return fail(done.error());
  }
  const auto size = copy_by_hand(*source, copy->contents(), *done);
  if (!size) {
    return detail::refused("copy", from, to, size.error());
  }
  if (auto set = set_permissions(copy->contents(), what->permissions & perms::all); !set) {
    return fail(set.error());
  }
  source->close();  // Windows replaces no file that is open
  if (auto committed = copy->commit(); !committed) {
    return fail(committed.error());
  }
  return *size;
}

}  // namespace weft::io
