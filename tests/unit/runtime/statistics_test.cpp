#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/fiber_local.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::testing::test_runtime;

namespace {

/// A file that is gone when the program ends.
class scratch_file {
 public:
  scratch_file() { REQUIRE(file_); }
  ~scratch_file() {
    std::fclose(file_);
    std::filesystem::remove(path_);
  }
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;

  std::FILE* get() const { return file_; }

 private:
  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("weft-dump-" + std::to_string(std::random_device()()));
  std::FILE* file_ = std::fopen(path_.string().c_str(), "w+b");
};

std::string dump_of(const weft::runtime& r) {
  static const scratch_file file;
  std::FILE* const out = file.get();
  REQUIRE(std::fseek(out, 0, SEEK_SET) == 0);
  r.dump_fibers(out);
  std::string copy(static_cast<std::size_t>(std::ftell(out)), '\0');
  REQUIRE(std::fseek(out, 0, SEEK_SET) == 0);
  CHECK(std::fread(copy.data(), 1, copy.size(), out) == copy.size());
  return copy;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

weft::fiber_local<std::string> diary;

}  // namespace

TEST_CASE("statistics count fibers, switches and stacks") {
  test_runtime r({.workers = 1});
  r->run([&] {
    const auto before = r->statistics();
    CHECK(before.workers == 1);
    CHECK(before.awake_workers == 1);
    CHECK(before.live_fibers == 1);
    std::vector<weft::join_handle<void>> handles;
    for (int i = 0; i < 50; ++i) {
      handles.push_back(weft::spawn([] { (void)weft::sleep_for(1h); }));
    }
    CHECK(r->statistics().live_fibers == 51);
    weft::yield();
    const auto during = r->statistics();
    CHECK(during.spawned - before.spawned == 50);
    CHECK(during.switches - before.switches >= 50);
    CHECK(during.stacks_in_use >= 51);
    CHECK(during.unguarded_stacks == 0);
    handles.clear();
    CHECK(r->statistics().live_fibers == 1);
  });
  CHECK(r->statistics().live_fibers == 0);
  CHECK(r->statistics().awake_workers == 0);
  CHECK(r->statistics().stacks_in_use == 0);
  CHECK(r->statistics().stacks_free >= 51);
}

TEST_CASE("[row 33] ten thousand fibers one after the other use a handful of stacks") {
  test_runtime r({.workers = 1});
  r->run([&] {
    for (int i = 0; i < 10'000; ++i) {
      CHECK(weft::spawn([i] { return i; }).join() == i);
    }
    const auto s = r->statistics();
    CHECK(s.stacks_in_use + s.stacks_free < 300);
  });
}

TEST_CASE("[row 25] the stacks of fibers that ended are used again") {
  test_runtime r({.workers = 1});
  r->run([&] {
    std::size_t stacks = 0;
    for (int round = 0; round < 10; ++round) {
      std::vector<weft::join_handle<void>> handles;
      for (int i = 0; i < 500; ++i) {
        handles.push_back(weft::spawn([] {
          weft::yield();
          weft::yield();
        }));
      }
      for (auto& h : handles) {
        CHECK(h.join().has_value());
      }
      const auto s = r->statistics();
      stacks = stacks == 0 ? s.stacks_in_use + s.stacks_free : stacks;
      CHECK(s.stacks_in_use + s.stacks_free <= stacks + 64);
    }
  });
}

TEST_CASE(
    "a dump has a line for each live fiber: number, name, state, what it waits for, where from") {
  test_runtime r({.workers = 1});
  r->run([&] {
    auto sleeper = weft::spawn({.name = "sleeper"}, [] { (void)weft::sleep_for(1h); });
    const unsigned line = __LINE__ - 1;
    auto joiner = weft::spawn({.name = "joiner"}, [&] { (void)sleeper.join(); });
    weft::yield();
    auto fresh = weft::spawn([] {});
    weft::this_fiber::set_name("boss");
    const std::string dump = dump_of(*r);
    INFO(dump);
    CHECK(has(dump, "fiber " + std::to_string(weft::this_fiber::id()) + " \"boss\" running"));
    CHECK(has(dump, "fiber " + std::to_string(sleeper.id()) +
                        " \"sleeper\" waiting for sleep, spawned at "));
    CHECK(has(dump, "statistics_test.cpp:" + std::to_string(line) + "\n"));
    CHECK(has(dump, "\"joiner\" waiting for the end of a fiber, spawned at "));
    CHECK(has(dump, "fiber " + std::to_string(fresh.id()) + " \"\" ready, spawned at "));
    CHECK(std::count(dump.begin(), dump.end(), '\n') == 4);
    joiner.cancel();
    CHECK(joiner.join().has_value());
  });
  CHECK(dump_of(*r).empty());
}

TEST_CASE("a spawn with and without options is known by the line that made it") {
  test_runtime r({.workers = 1});
  r->run([&] {
    std::vector<unsigned> lines;
    auto plain = weft::spawn([] {});
    lines.push_back(__LINE__ - 1);
    auto with_argument = weft::spawn([](int) {}, 1);
    lines.push_back(__LINE__ - 1);
    auto with_options = weft::spawn({.pinned = true}, [] {});
    lines.push_back(__LINE__ - 1);
    auto by_runtime = r->spawn([] {});
    lines.push_back(__LINE__ - 1);
    auto by_runtime_with_options = r->spawn({.name = "x"}, [] {});
    lines.push_back(__LINE__ - 1);
    const std::string dump = dump_of(*r);
    INFO(dump);
    for (const unsigned line : lines) {
      CHECK(has(dump, "statistics_test.cpp:" + std::to_string(line) + "\n"));
    }
  });
}

TEST_CASE("a dump may be made at any time, whatever the fibers do") {
  test_runtime r({.workers = 2, .background = true});
  std::atomic<bool> stop = false;
  auto busy = r->spawn([&] {
    std::vector<weft::join_handle<void>> handles;
    while (!stop) {
      handles.clear();
      for (int i = 0; i < 20; ++i) {
        handles.push_back(weft::spawn({.name = "short-lived"}, [] {
          *diary = "a long enough text that it does not fit into the string object";
          weft::detail::note_error(weft::errc::closed, "some note that is left here");
          weft::this_fiber::set_name("renamed to something that is longer than before");
          (void)weft::sleep_for(20us);
        }));
        handles.push_back(weft::spawn([] {
          *diary = "made by a fiber without a name";
          weft::yield();
        }));
        handles.push_back(weft::spawn([] {
          weft::detail::note_error(weft::errc::closed, "left by a fiber without a name");
          weft::yield();
          weft::this_fiber::set_name("named late");
          weft::yield();
        }));
      }
    }
  });
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < weft::testing::rounds(20'000); ++i) {
    bytes += dump_of(*r).size();
    (void)r->statistics();
  }
  stop = true;
  CHECK(busy.join().has_value());
  CHECK(bytes > 0);
}
