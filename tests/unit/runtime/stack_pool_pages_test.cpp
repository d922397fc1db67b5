#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/mman.h>

#include "stack_pool.hpp"

#if WEFT_ASAN
#include <sanitizer/asan_interface.h>
#endif

/// The memory of stacks that are made here: Windows makes its own.
namespace {

using weft::detail::guard_kind;
using weft::detail::page_size;
using weft::detail::stack;
using weft::detail::stack_pool;

constexpr std::size_t kibibyte = 1024;

/// How many pages of the stack hold memory.
std::size_t resident_pages(const stack& s) {
  const std::size_t length = s.size() - page_size();
  std::vector<unsigned char> present(length / page_size());
  REQUIRE(mincore(s.bottom, length, present.data()) == 0);
  return static_cast<std::size_t>(
      std::ranges::count_if(present, [](unsigned char p) { return (p & 1) != 0; }));
}

void touch(const stack& s, std::size_t bytes) {
  std::memset(s.top - bytes, 1, bytes);
}

std::vector<stack*> acquire_many(stack_pool& pool, std::size_t count) {
  std::vector<stack*> stacks(count);
  REQUIRE(pool.acquire_batch(stacks) == count);
  return stacks;
}

std::size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line);) {
    ++lines;
  }
  return lines;
}

}  // namespace

TEST_CASE("[row 24] a stack commits only what is touched and can be used to its last byte") {
  stack_pool pool;
  stack* const s = pool.acquire(256 * kibibyte);
  REQUIRE(s != nullptr);
  CHECK(pool.is_default(*s));
  CHECK(s->size() == 256 * kibibyte);
  CHECK(resident_pages(*s) == 0);
  touch(*s, 1);
  CHECK(resident_pages(*s) == 1);
  touch(*s, static_cast<std::size_t>(s->top - s->bottom));
  CHECK(resident_pages(*s) == s->size() / page_size() - 1);
  pool.release(s);
}

TEST_CASE("a stack of any size can be used to its last byte") {
  stack_pool pool({.default_size = 100 * kibibyte});
  for (const std::size_t wanted :
       std::initializer_list<std::size_t>{0, 17, 99, 100, 101, 64 * 1024}) {
    stack* const s = pool.acquire(wanted * kibibyte);
    REQUIRE(s != nullptr);
    touch(*s, static_cast<std::size_t>(s->top - s->bottom));
    pool.release(s);
  }
}

TEST_CASE("tops are aligned, spread over the cache's sets and cost a page at most") {
  stack_pool pool;
  const std::vector<stack*> stacks = acquire_many(pool, 64);
  std::set<std::uintptr_t> offsets;
  for (const stack* s : stacks) {
    const auto top = reinterpret_cast<std::uintptr_t>(s->top);
    CHECK(top % 64 == 0);
    CHECK(s->top - s->bottom > 256 * 1024 - 2 * static_cast<std::ptrdiff_t>(page_size()));
    offsets.insert(top % page_size());
  }
  CHECK(offsets.size() == 16);
  pool.release_batch(stacks);
}

TEST_CASE("[row 25] a pooled stack keeps its upper pages and gives back the others") {
  stack_pool pool({.high_water = 16 * kibibyte});
  stack* const s = pool.acquire(256 * kibibyte);
  touch(*s, 100 * kibibyte);
  pool.release(s);
  CHECK(resident_pages(*s) <= 16 * kibibyte / page_size());
  CHECK(resident_pages(*s) > 0);
  CHECK(pool.statistics().free_resident == 1);
}

TEST_CASE("[row 25] beyond the stacks that are kept resident all pages are given back") {
  stack_pool pool({.keep_resident = 3});
  const std::vector<stack*> stacks = acquire_many(pool, 10);
  for (const stack* s : stacks) {
    touch(*s, 5 * kibibyte);
  }
  pool.release_batch(stacks);
  CHECK(pool.statistics().free == 10);
  CHECK(pool.statistics().free_resident == 3);
  CHECK(std::ranges::count_if(stacks, [](const stack* s) { return resident_pages(*s) != 0; }) == 3);
  // The resident ones are used first.
  const std::vector<stack*> again = acquire_many(pool, 3);
  CHECK(std::ranges::all_of(again, [](const stack* s) { return resident_pages(*s) != 0; }));
  pool.release_batch(again);
}

TEST_CASE("[row 25] pooled stacks decay: trim gives back all pages, and the stacks serve on") {
  stack_pool pool;
  const std::vector<stack*> stacks = acquire_many(pool, 10);
  stack* const large = pool.acquire(1024 * kibibyte);
  for (const stack* s : stacks) {
    touch(*s, 5 * kibibyte);
  }
  touch(*large, 5 * kibibyte);
  pool.release_batch(stacks);
  pool.release(large);
  pool.trim();
  CHECK(std::ranges::all_of(stacks, [](const stack* s) { return resident_pages(*s) == 0; }));
  CHECK(resident_pages(*large) == 0);
  CHECK(pool.statistics().free == 11);
  CHECK(pool.statistics().free_resident == 0);
  stack* const reused = pool.acquire(1024 * kibibyte);
  CHECK(reused == large);
  touch(*reused, 200 * kibibyte);
  pool.release(reused);
}

TEST_CASE("[row B1] guards of the marker kind cost no mappings") {
  if (weft::detail::best_guard_kind() != guard_kind::marker) {
    MESSAGE("skipped: this kernel has no MADV_GUARD_INSTALL");
    return;
  }
  const std::size_t before = mappings();
  stack_pool pool;
  constexpr std::size_t count = sizeof(void*) < 8 ? 4'000 : 50'000;  // 32 bits: one gigabyte
  const std::vector<stack*> stacks = acquire_many(pool, count);
  CHECK(mappings() < before + 50);
  CHECK(pool.statistics().unguarded == 0);
  CHECK(pool.statistics().reserved_bytes >= count * 256 * kibibyte);
  pool.release_batch(stacks);
}

TEST_CASE("a destroyed pool leaves nothing mapped") {
  std::byte* somewhere = nullptr;
  {
    stack_pool pool;
    const std::vector<stack*> stacks = acquire_many(pool, 200);
    somewhere = stacks[100]->bottom;
    pool.release_batch(stacks);
  }
  unsigned char present = 0;
  CHECK(mincore(somewhere, page_size(), &present) == -1);
}

#if WEFT_ASAN
TEST_CASE("a reused stack is not poisoned by what its former fiber left") {
  stack_pool pool;
  weft::detail::stack_cache cache;
  for (const bool cached : {true, false}) {
    stack* const s = cached ? cache.pop(pool) : pool.acquire(512 * kibibyte);
    __asan_poison_memory_region(s->top - 1024, 512);
    cached ? cache.push(pool, s) : pool.release(s);
    stack* const again = cached ? cache.pop(pool) : pool.acquire(512 * kibibyte);
    CHECK(again == s);
    CHECK(__asan_region_is_poisoned(s->bottom, 512) == nullptr);
    CHECK(__asan_region_is_poisoned(s->top - 1024, 512) == nullptr);
    cached ? cache.push(pool, again) : pool.release(again);
  }
  cache.trim(pool, 0);
}
#endif
