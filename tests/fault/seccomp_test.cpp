#include <cstdlib>
#include <string>
#include <string_view>

#include "sandbox.hpp"

/// A machine that forbids io_uring or grants little, as containers do, and settings in the
/// environment that make no sense: each in a process of its own.
namespace weft::testing {

namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) {
    ++found;
  }
  return found;
}

void check_refuses(const char* test_case, const char* message) {
  const child_outcome ended = run_child(test_case);
  CHECK_MESSAGE(ended.exited_with(EXIT_FAILURE), ended.output);
  CHECK_MESSAGE(ended.says(message), ended.output);
}

constexpr const char* plain = "child: runs an echo";
constexpr const char* forbidden = "child: runs an echo where io_uring is forbidden";
constexpr const char* scarce = "child: runs an echo with little of everything";
constexpr const char* scarce_and_forbidden =
    "child: runs an echo with little of everything and io_uring forbidden";

}  // namespace

TEST_CASE("child: runs an echo" * doctest::skip()) {
  become_plain_program();
  end_as_a_program();
}

TEST_CASE("child: runs an echo where io_uring is forbidden" * doctest::skip()) {
  become_plain_program();
  forbid_io_uring();
  end_as_a_program();
}

TEST_CASE("child: runs an echo with little of everything" * doctest::skip()) {
  become_plain_program();
  limit(RLIMIT_MEMLOCK, 4096);
  limit(RLIMIT_NOFILE, 64);
  stay_on_one_processor();
  end_as_a_program();
}

TEST_CASE("child: runs an echo with little of everything and io_uring forbidden" *
          doctest::skip()) {
  become_plain_program();
  forbid_io_uring();
  limit(RLIMIT_MEMLOCK, 4096);
  limit(RLIMIT_NOFILE, 64);
  stay_on_one_processor();
  end_as_a_program();
}

TEST_CASE("where the system forbids io_uring, run() serves on epoll and says so once [row 76]") {
  const variable backend("WEFT_BACKEND", nullptr);
  const child_outcome ended = run_child(forbidden);
  CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
  CHECK_MESSAGE(ended.says("echoed hello on epoll"), ended.output);
  CHECK_MESSAGE(
      ended.says("weft: io_uring is not to be had here (Operation not permitted); using epoll\n"),
      ended.output);
  CHECK(count(ended.output, "weft: ") == 1);
}

TEST_CASE("4 KiB of locked memory, 64 descriptors and one processor suffice for every backend") {
  const variable workers("WEFT_WORKERS", nullptr);
  for (const char* named : {"", "epoll", "poll"}) {
    const variable backend("WEFT_BACKEND", named);
    for (const char* where : {scarce, scarce_and_forbidden}) {
      const child_outcome ended = run_child(where);
      CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
      CHECK_MESSAGE(ended.says("echoed hello on "), ended.output);
      CHECK_MESSAGE(ended.says(named), ended.output);
      CHECK_MESSAGE(ended.says("by 1 workers"), ended.output);
      const bool refused = !*named && where == scarce_and_forbidden;
      CHECK_MESSAGE(count(ended.output, "; using epoll\n") == (refused ? 1 : 0), ended.output);
    }
  }
}

TEST_CASE("io_uring that is asked for and forbidden is an error that says so") {
  const variable backend("WEFT_BACKEND", "io_uring");
  check_refuses(forbidden, "error: backend io_uring: Operation not permitted");
}

TEST_CASE("epoll that is asked for needs no io_uring and no explanation") {
  const variable backend("WEFT_BACKEND", "epoll");
  for (const char* where : {plain, forbidden}) {
    const child_outcome ended = run_child(where);
    CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
    CHECK_MESSAGE(ended.says("echoed hello on epoll"), ended.output);
    CHECK(count(ended.output, "weft: ") == 0);
  }
}

TEST_CASE("a backend that does not exist is an error that names those that do [row 81]") {
  const variable backend("WEFT_BACKEND", "nonsense");
  check_refuses(plain,
                "error: WEFT_BACKEND=nonsense: no such backend; one of automatic, io_uring, epoll, "
                "poll");
}

TEST_CASE("a backend of other systems is an error that names those of this one [row 81]") {
  const variable backend("WEFT_BACKEND", "kqueue");
  check_refuses(plain,
                "error: backend kqueue does not exist on this system, which has io_uring, epoll, "
                "poll\n");
}

TEST_CASE("a number of workers that is none is an error that says what would be") {
  for (const char* text : {"abc", "0", "257", "-1", "2x", "99999999999"}) {
    const variable workers("WEFT_WORKERS", text);
    check_refuses(
        plain,
        ("error: WEFT_WORKERS=" + std::string(text) + ": not a number from 1 to 256").c_str());
  }
}

TEST_CASE("empty settings count as not set") {
  const variable backend("WEFT_BACKEND", "");
  const variable workers("WEFT_WORKERS", "");
  const child_outcome ended = run_child(plain);
  CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
  CHECK_MESSAGE(ended.says("echoed hello on "), ended.output);
}

}  // namespace weft::testing
