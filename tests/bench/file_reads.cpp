// What reads and writes of 4 KiB at random places of a file cost, one at a time and many at once:
//
//   file_reads [directory]        default /tmp; the file is made there and removed
//
// by the system's calls alone, by io::file, and by the same calls on the blocking pool. The file is
// in memory, so what is measured is the way there.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include <weft/io/file.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/sync/task_group.hpp>

namespace {

constexpr std::size_t block = 4096;
constexpr std::size_t blocks = 16 * 1024;
constexpr int rounds = 9;

using buffer = std::array<std::byte, block>;

std::uint64_t random_place(std::minstd_rand& dice) {
  return std::uint64_t{dice() % blocks} * block;
}

/// Nanoseconds a call, of `calls` calls made by `fibers` fibers at once.
template <class Call>
double measure(int fibers, int calls, Call make_call) {
  const auto begin = weft::clock::now();
  weft::task_group all;
  for (int i = 0; i < fibers; ++i) {
    all.spawn([&, i] {
      std::minstd_rand dice(static_cast<unsigned>(i + 1));
      buffer bytes{};
      for (int call = 0; call < calls / fibers; ++call) {
        if (!make_call(random_place(dice), bytes)) {
          std::abort();
        }
      }
    });
  }
  weft::or_throw(all.wait());
  return static_cast<double>((weft::clock::now() - begin).count()) / calls;
}

double median(std::vector<double> figures) {
  std::ranges::sort(figures);
  return figures[figures.size() / 2];
}

/// Takes turns, so that all see the same machine.
template <class Direct, class Weft, class Pool>
void compare(const char* what, int fibers, Direct direct, Weft by_weft, Pool by_pool) {
  std::array<std::vector<double>, 3> figures;
  for (int round = 0; round < rounds; ++round) {
    figures[0].push_back(measure(1, 20'000, direct));
    figures[1].push_back(measure(fibers, 20'000, by_weft));
    figures[2].push_back(measure(fibers, 5'000, by_pool));
  }
  std::printf(
      "%-6s %3d at once: %6.0f ns by the system's call, %6.0f by io::file, %6.0f by the pool\n",
      what, fibers, median(figures[0]), median(figures[1]), median(figures[2]));
}

void run(const std::string& directory) {
  const std::string path = directory + "/weft-file-reads";
  const auto file =
      weft::or_throw(weft::io::file::open(path, {.access = weft::io::file_access::read_write,
                                                 .create = weft::io::file_creation::truncate}));
  ::unlink(path.c_str());
  for (std::size_t i = 0; i < blocks; ++i) {
    weft::or_throw(file.write_all_at(i * block, buffer{}));
  }
  weft::or_throw(file.sync());
  const int handle = file.descriptor().native_handle();
  const auto pread = [=](std::uint64_t where, buffer& bytes) {
    return ::pread(handle, bytes.data(), block, static_cast<off_t>(where)) == block;
  };
  const auto pwrite = [=](std::uint64_t where, buffer& bytes) {
    return ::pwrite(handle, bytes.data(), block, static_cast<off_t>(where)) == block;
  };
  std::printf("%s\n", std::string(name_of(weft::io::current_backend())).c_str());
  for (const int fibers : {1, 64}) {
    compare(
        "read", fibers, pread,
        [&](std::uint64_t where, buffer& bytes) { return file.read_at(where, bytes) == block; },
        [&](std::uint64_t where, buffer& bytes) {
          return weft::blocking([&] { return pread(where, bytes); }).value_or(false);
        });
    compare(
        "write", fibers, pwrite,
        [&](std::uint64_t where, buffer& bytes) { return file.write_at(where, bytes) == block; },
        [&](std::uint64_t where, buffer& bytes) {
          return weft::blocking([&] { return pwrite(where, bytes); }).value_or(false);
        });
  }
}

}  // namespace

int main(int argc, char** argv) {
  weft::run([&] { run(argc > 1 ? argv[1] : "/tmp"); }, {.workers = 1});
}
