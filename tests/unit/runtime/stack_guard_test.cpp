#include "stack_guard.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "stack_pool.hpp"

namespace {

using weft::detail::find_guard;
using weft::detail::guard_budget;
using weft::detail::guard_hit;
using weft::detail::guard_kind;
using weft::detail::page_size;
using weft::detail::stack;
using weft::detail::stack_pool;

/// Whether the kernel can read the byte: it answers instead of faulting.
bool readable(const std::byte* address) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const bool readable = write(ends[1], address, 1) == 1;
  CHECK((readable || errno == EFAULT));
  close(ends[0]);
  close(ends[1]);
  return readable;
}

std::vector<guard_kind> kinds_here() {
  std::vector<guard_kind> kinds{guard_kind::protection};
  if (weft::detail::best_guard_kind() == guard_kind::marker) {
    kinds.push_back(guard_kind::marker);
  }
  return kinds;
}

/// What an action writes to stderr.
template <typename Action>
std::string stderr_of(Action action) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int saved = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  action();
  std::fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::string text(static_cast<std::size_t>(lseek(fileno(file), 0, SEEK_END)), '\0');
  CHECK(pread(fileno(file), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("[row 23] the page below a stack is inaccessible, whatever the kind of guard") {
  for (const guard_kind kind : kinds_here()) {
    CAPTURE(static_cast<int>(kind));
    stack_pool pool({.guard = kind});
    std::array<stack*, 70> stacks{};
    REQUIRE(pool.acquire_batch(stacks) == stacks.size());
    for (const stack* s : stacks) {
      CHECK(s->guarded);
      CHECK(readable(s->top - 1));
      CHECK(readable(s->bottom));
      CHECK_FALSE(readable(s->bottom - 1));
      CHECK_FALSE(readable(s->bottom - page_size()));
    }
    CHECK(pool.statistics().unguarded == 0);
    pool.release_batch(stacks);
    pool.trim();
    CHECK_FALSE(readable(stacks[0]->bottom - 1));
  }
}

TEST_CASE("protected pages stop at the budget; the rest is counted and mentioned once") {
  guard_budget budget(40);
  const std::string said = stderr_of([&budget] {
    stack_pool pool({.guard = guard_kind::protection, .budget = &budget});
    std::array<stack*, 90> stacks{};
    for (std::size_t i = 0; i < stacks.size(); i += 30) {
      REQUIRE(pool.acquire_batch(std::span(stacks).subspan(i, 30)) == 30);
    }
    for (const stack* s : stacks) {
      CHECK(readable(s->bottom - 1) != s->guarded);
    }
    CHECK(budget.left() == 0);
    CHECK(pool.statistics().unguarded == 50);
    pool.release_batch(stacks);
  });
  CHECK(budget.left() == 40);
  CHECK(said.find("vm.max_map_count") != std::string::npos);
  CHECK(said.find('\n') == said.size() - 1);
}

TEST_CASE("a budget gives at most what it has and takes back") {
  guard_budget budget(5);
  CHECK(budget.take(3) == 3);
  CHECK(budget.take(3) == 2);
  CHECK(budget.take(1) == 0);
  budget.give_back(4);
  CHECK(budget.left() == 4);
  CHECK(guard_budget::of_process().left() > 0);
}

TEST_CASE("an address in a guard is found with its stack, any other is not") {
  guard_hit hit{};
  int local = 0;
  CHECK_FALSE(find_guard(&local, hit));
  CHECK_FALSE(find_guard(nullptr, hit));
  std::array<stack*, 100> stacks{};
  stack* large = nullptr;
  {
    stack_pool pool;
    REQUIRE(pool.acquire_batch(stacks) == stacks.size());
    large = pool.acquire(1 << 20);
    REQUIRE(large != nullptr);
    for (const stack* s : stacks) {
      CHECK_FALSE(find_guard(s->bottom, hit));
      CHECK_FALSE(find_guard(s->top - 1, hit));
      REQUIRE(find_guard(s->bottom - 1, hit));
      CHECK(hit.bottom == s->bottom);
      CHECK(hit.size == s->size());
      REQUIRE(find_guard(s->bottom - page_size(), hit));
      CHECK(hit.bottom == s->bottom);
    }
    REQUIRE(find_guard(large->bottom - 8, hit));
    CHECK(hit.size == 1 << 20);
    pool.release_batch(stacks);
    pool.release(large);
  }
}

TEST_CASE("the guards of a destroyed pool are forgotten and its entries used again") {
  for (int i = 0; i < 100; ++i) {
    guard_hit hit{};
    std::byte* guarded = nullptr;
    {
      stack_pool pool;
      stack* const s = pool.acquire(256 * 1024);
      guarded = s->bottom - 1;
      CHECK(find_guard(guarded, hit));
      pool.release(s);
    }
    CHECK_FALSE(find_guard(guarded, hit));
  }
}
