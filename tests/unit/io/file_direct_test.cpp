#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/file.hpp>

#include "support/file_fixture.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"

/// Files that are used past the system's cache.
namespace weft::testing {

namespace {

using io::file;
using io::file_access;
using io::file_creation;

/// Memory that begins at a multiple of what the file asks for.
class aligned_memory {
 public:
  aligned_memory(std::size_t size, std::size_t alignment)
      : alignment_(static_cast<std::align_val_t>(alignment)),
        bytes_(static_cast<std::byte*>(::operator new(size, alignment_)), size) {}
  ~aligned_memory() { ::operator delete(bytes_.data(), alignment_); }
  aligned_memory(const aligned_memory&) = delete;
  aligned_memory& operator=(const aligned_memory&) = delete;

  std::span<std::byte> bytes() const noexcept { return bytes_; }
  void fill(char with) const { std::ranges::fill(bytes_, static_cast<std::byte>(with)); }
  bool is_full_of(char with, std::size_t from, std::size_t to) const {
    return std::ranges::all_of(bytes_.subspan(from, to - from),
                               [=](std::byte b) { return b == static_cast<std::byte>(with); });
  }

 private:
  std::align_val_t alignment_;
  std::span<std::byte> bytes_;
};

constexpr io::file_options direct_file{
    .access = file_access::read_write, .create = file_creation::if_missing, .direct = true};

weft::detail::sys::fault no_such_flag(weft::detail::sys::call which, int, std::size_t) noexcept {
  return {.error = which == weft::detail::sys::call::open_file ? EINVAL : 0};
}

/// The alignment, or 0 where this file system has no such thing.
std::size_t alignment_here(const std::string& path) {
  const auto opened = file::open(path, direct_file);
  if (!opened) {
    MESSAGE("not tested: this file system has no direct access");
    CHECK(error_of(opened) == std::errc::operation_not_supported);
    return 0;
  }
  return opened->direct_alignment();
}

}  // namespace

TEST_CASE("a file that is opened direct moves whole blocks [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const auto path = here / "blocks";
    const std::size_t block = alignment_here(path);
    if (block == 0) {
      return;
    }
    REQUIRE(block > 1);
    REQUIRE((block & (block - 1)) == 0);
    file f = or_throw(file::open(path, direct_file));
    const aligned_memory memory(3 * block, block);
    memory.fill('a');
    or_throw(f.write_all_at(block, memory.bytes()));
    CHECK(f.size() == 4 * block);

    memory.fill('.');
    CHECK(f.read_at(0, memory.bytes().first(block)) == block);
    CHECK(memory.is_full_of('\0', 0, block));
    or_throw(f.read_exact_at(block, memory.bytes()));
    CHECK(memory.is_full_of('a', 0, 3 * block));

    // What went past the cache is what the cache shows.
    const file plain = or_throw(file::open(path));
    CHECK(plain.direct_alignment() == 1);
    std::string seam(2, '.');
    or_throw(plain.read_exact_at(block - 1, bytes_of(seam)));
    CHECK(seam == std::string("\0a", 2));

    const std::array<std::span<std::byte>, 2> parts{memory.bytes().first(block),
                                                    memory.bytes().subspan(2 * block)};
    memory.fill('.');
    CHECK(f.read_vectored_at(block, parts).value_or(0) >= block);
    CHECK(memory.is_full_of('a', 0, block));
    CHECK(memory.is_full_of('.', block, 2 * block));
  });
}

TEST_CASE("what is not aligned is refused by a direct file, and nothing is moved [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const auto path = here / "unaligned";
    const std::size_t block = alignment_here(path);
    if (block == 0) {
      return;
    }
    const file f = or_throw(file::open(path, direct_file));
    const aligned_memory memory(2 * block, block);
    const auto first = memory.bytes().first(block);
    CHECK(error_of(f.write_at(1, first)) == std::errc::invalid_argument);
    CHECK(error_of(f.write_at(0, memory.bytes().first(block - 1))) == std::errc::invalid_argument);
    CHECK(error_of(f.write_at(0, memory.bytes().subspan(1, block))) == std::errc::invalid_argument);
    CHECK(error_of(f.read_at(block / 2, first)) == std::errc::invalid_argument);
    const std::array<std::span<std::byte>, 2> parts{first, memory.bytes().subspan(block, 1)};
    CHECK(error_of(f.read_vectored_at(0, parts)) == std::errc::invalid_argument);
    CHECK(f.size() == 0);
  });
}

TEST_CASE("the end of a file within a block ends a direct read [row 120]") {
  const scratch_directory here;
  in_io([&] {
    const auto path = here / "end";
    const std::size_t block = alignment_here(path);
    if (block == 0) {
      return;
    }
    file f = or_throw(file::open(path, direct_file));
    const aligned_memory memory(2 * block, block);
    memory.fill('e');
    or_throw(f.write_all_at(0, memory.bytes()));
    or_throw(f.resize(block + 5));

    CHECK(f.read_at(0, memory.bytes()) == block + 5);
    CHECK(memory.is_full_of('e', 0, block + 5));
    CHECK(error_of(f.read_exact_at(0, memory.bytes())) == errc::end_of_stream);
    CHECK(error_of(f.read_exact(memory.bytes())) == errc::end_of_stream);
    CHECK(f.position() == block + 5);
    CHECK(error_of(f.read_at(2 * block, memory.bytes())) == errc::end_of_stream);
  });
}

TEST_CASE("a file system without direct access says that it has none [row 120]") {
  const scratch_directory here;
  const auto path = here / "refused";
  in_io([&] {
    const auto seam = weft::detail::sys::inject(&no_such_flag);
    CHECK(error_of(file::open(path, direct_file)) == std::errc::operation_not_supported);
    CHECK(error_of(file::open(path)) == std::errc::invalid_argument);
    weft::detail::sys::inject(seam);
  });
}

}  // namespace weft::testing
