#include "stack_pool.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {

using weft::detail::stack;
using weft::detail::stack_cache;
using weft::detail::stack_pool;

constexpr std::size_t kibibyte = 1024;

}  // namespace

TEST_CASE("sizes are rounded up to a power of two of pages, but for the default") {
  stack_pool pool({.default_size = 100 * kibibyte});
  const auto size_of = [&pool](std::size_t wanted) {
    stack* const s = pool.acquire(wanted);
    REQUIRE(s != nullptr);
    const std::size_t size = s->size();
    pool.release(s);
    return size;
  };
  CHECK(size_of(100 * kibibyte) == 100 * kibibyte);
  CHECK(size_of(99 * kibibyte) == 100 * kibibyte);
  CHECK(size_of(0) == 16 * kibibyte);
  CHECK(size_of(17 * kibibyte) == 32 * kibibyte);
  CHECK(size_of(101 * kibibyte) == 128 * kibibyte);
  CHECK(size_of(64 * 1024 * kibibyte) == 64 * 1024 * kibibyte);
}

TEST_CASE("a power of two that is the default size shares its stacks") {
  stack_pool pool({.default_size = 64 * kibibyte});
  stack* const s = pool.acquire(40 * kibibyte);
  REQUIRE(s != nullptr);
  CHECK(pool.is_default(*s));
  pool.release(s);
}

TEST_CASE("a stack larger than the address space is refused") {
  stack_pool pool;
  CHECK(pool.acquire(std::numeric_limits<std::size_t>::max()) == nullptr);
  CHECK(pool.acquire(std::numeric_limits<std::size_t>::max() / 2) == nullptr);
  CHECK(pool.statistics().in_use == 0);
}

TEST_CASE("[row 25] a released stack is the next one to be used") {
  stack_pool pool;
  for (const std::size_t size : {256 * kibibyte, 1024 * kibibyte}) {
    stack* const first = pool.acquire(size);
    pool.release(first);
    CHECK(pool.statistics().free == (size == 256 * kibibyte ? 1 : 2));
    CHECK(pool.acquire(size) == first);
    CHECK(pool.statistics().in_use == 1);
    pool.release(first);
  }
}

TEST_CASE("a cache hands out the stack it got last and keeps the hot ones") {
  stack_pool pool;
  stack_cache cache;
  stack* const a = cache.pop(pool);
  stack* const b = cache.pop(pool);
  REQUIRE(a != nullptr);
  REQUIRE(b != nullptr);
  CHECK(a != b);
  cache.push(pool, a);
  cache.push(pool, b);
  CHECK(cache.pop(pool) == b);
  CHECK(cache.pop(pool) == a);
  cache.push(pool, a);
  cache.push(pool, b);
  cache.trim(pool, 1);
  CHECK(cache.size() == 1);
  CHECK(cache.pop(pool) == b);
  cache.push(pool, b);
  cache.trim(pool, 0);
  CHECK(pool.statistics().in_use == 0);
}

TEST_CASE("a full cache returns its coldest stacks to the pool") {
  stack_pool pool;
  stack_cache cache;
  std::vector<stack*> held;
  for (std::size_t i = 0; i <= stack_cache::capacity; ++i) {
    held.push_back(cache.pop(pool));
  }
  cache.trim(pool, 0);
  for (stack* s : held) {
    cache.push(pool, s);
  }
  CHECK(cache.size() == stack_cache::capacity + 1 - stack_cache::batch);
  CHECK(pool.statistics().in_use == cache.size());
  for (auto last = held.rbegin(); cache.size() != 0; ++last) {
    CHECK(cache.pop(pool) == *last);
  }
  pool.release_batch(std::span(held).last(stack_cache::capacity + 1 - stack_cache::batch));
}

TEST_CASE("threads share a pool without losing or doubling a stack") {
  stack_pool pool({.keep_resident = 20});
  {
    constexpr int count = 4;
    std::vector<std::jthread> threads;
    threads.reserve(count);
    for (int t = 0; t < count; ++t) {
      threads.emplace_back([&pool] {
        stack_cache cache;
        stack mine{};
        for (int round = 0; round < 40; ++round) {
          std::vector<stack*> held;
          for (int i = 0; i < 20 + round * 3; ++i) {
            stack* const s = cache.pop(pool);
            REQUIRE(s != nullptr);
            s->next = &mine;
            held.push_back(s);
          }
          for (stack* const s : held) {
            REQUIRE(s->next == &mine);
            cache.push(pool, s);
          }
          if (round % 10 == 0) {
            pool.trim();
          }
        }
        cache.trim(pool, 0);
      });
    }
  }
  CHECK(pool.statistics().in_use == 0);
}
