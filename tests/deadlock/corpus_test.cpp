#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/types.h>

namespace {

/// A program of the corpus that runs.
class running_program {
 public:
  running_program(std::string_view name, std::string_view mode) {
    // A time-out of its own: a deadlock that is not found hangs.
    const std::string command = "WEFT_DEADLOCK=" + std::string(mode) + " timeout 40 " +
                                WEFT_DEADLOCK_PROGRAMS " " + std::string(name) + " 2>&1; echo =$?";
    pipe_ = popen(command.c_str(), "r");
    REQUIRE(pipe_);
  }
  ~running_program() {
    if (pipe_) {
      pclose(pipe_);
    }
  }
  running_program(running_program&& other) noexcept : pipe_(std::exchange(other.pipe_, nullptr)) {}
  running_program& operator=(running_program&&) = delete;

  /// The next line that it says, with its end.
  std::string line() {
    std::array<char, 4096> buffer{};
    return fgets(buffer.data(), buffer.size(), pipe_) ? buffer.data() : "";
  }

  /// All that it says from now on, and its exit code after a `=`.
  std::string end() {
    std::string said;
    std::array<char, 4096> buffer;
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe_)) > 0;) {
      said.append(buffer.data(), n);
    }
    return said;
  }

 private:
  std::FILE* pipe_ = nullptr;
};

/// A program, and what its report must say.
struct named_deadlock {
  const char* program;
  std::vector<const char*> says;
};

std::string exit_code(int code) {
  return std::string("=").append(std::to_string(code)).append("\n");
}

const char* const in_vain = "every fiber waits, and nothing is left that could wake one";

const std::vector<named_deadlock> corpus{
    {"mutexes",
     {"weft: deadlock: 2 wait for each other", "\"left\", spawned at ",
      "locks.cpp:", "waits for a mutex (0x", "held by fiber", "\"right\"\n"}},
    {"recursive", {"2 wait for each other", "waits for a recursive_mutex (0x", "for a mutex (0x"}},
    {"writers", {"2 wait for each other", "waits for a shared_mutex (0x", ", held by fiber"}},
    {"philosophers", {"weft: deadlock: 5 wait for each other", "\"philosopher\""}},
    {"among_others", {"weft: deadlock: 2 wait for each other", "\"left\"", "\"right\""}},
    {"upgrade", {"waits for itself\n", "waits for a shared_mutex (0x", "held to read by "}},
    {"reads_again", {in_vain, "\"reader\"", "a shared_mutex, to read", "held to read by itself"}},
    {"join_under_lock",
     {in_vain, "waits for the end of fiber", "\"child\"", "a mutex", "\"main\""}},
    {"drop_under_lock",
     {"weft: deadlock: 2 wait for each other", "waits for the end of fiber", "\"child\"",
      "a mutex"}},
    {"group_under_lock",
     {"weft: deadlock: 2 wait for each other", "a task group (0x", "whose task is fiber"}},
    {"threads",
     {"weft: deadlock: 2 wait for each other", "  thread 1 waits for a mutex", "\"fiber\"",
      "held by thread 1\n"}},
    {"once_flags", {in_vain, "another's call_once() (0x", ", held by fiber", "\"left\""}},
    {"left_behind", {in_vain, "waits for a mutex (0x", ", held by fiber"}},
    {"joins", {in_vain, "waits for the end of fiber", "\"one\"", "\"other\""}},
    {"own_group", {in_vain, "waits for a task group (0x", "whose task is itself"}},
    {"receive", {in_vain, "\"main\"", "channel receive (0x"}},
    {"send", {in_vain, "channel send (0x"}},
    {"crossed_channels", {in_vain, "\"left\"", "\"right\"", "channel receive (0x"}},
    {"select", {in_vain, "waits for select (0x"}},
    {"permit", {in_vain, "a semaphore (0x", "a permit of which was taken by fiber", "\"greedy\""}},
    {"event", {in_vain, "an event (0x"}},
    {"latch", {in_vain, "a latch (0x"}},
    {"barrier", {in_vain, "a barrier (0x", "\"helper\""}},
    {"notification", {in_vain, "a condition variable (0x"}},
    {"promise", {in_vain, "a future (0x"}},
};

const std::vector<const char*> living{
    "alive_sleeper", "alive_stranger", "alive_pool", "alive_scope",   "alive_limit",
    "alive_circle",  "alive_holder",   "alive_peer", "alive_outside", "alive_idle"};

}  // namespace

TEST_CASE("[row B3] each of many deadlocks is named, and the process ended") {
  std::vector<running_program> programs;
  for (const named_deadlock& d : corpus) {
    programs.emplace_back(d.program, "abort");
  }
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const std::string said = programs[i].end();
    CAPTURE(corpus[i].program);
    CAPTURE(said);
    CHECK(said.find("weft: deadlock: ") != std::string::npos);
    CHECK(said.ends_with(exit_code(128 + SIGABRT)));
    for (const char* words : corpus[i].says) {
      CHECK_MESSAGE(said.find(words) != std::string::npos, words);
    }
  }
}

TEST_CASE("[row B3] what only waits for long is no deadlock") {
  std::vector<running_program> programs;
  for (const char* name : living) {
    programs.emplace_back(name, "abort");
  }
  for (std::size_t i = 0; i < living.size(); ++i) {
    CAPTURE(living[i]);
    CHECK(programs[i].end() == exit_code(0));
  }
}

TEST_CASE("a program that only Ctrl-C can end is told of, and not ended") {
  running_program program("main", "abort");
  const int pid = std::stoi(program.line().substr(std::string_view("pid ").size()));
  CHECK(program.line() ==
        "weft: possible deadlock: every fiber waits, and nothing but an interrupt (Ctrl-C) is left "
        "that could wake one\n");
  kill(pid, SIGTERM);
  const std::string rest = program.end();
  CHECK(rest.find("an event (0x") != std::string::npos);
  CHECK(rest.ends_with(exit_code(0)));
}

TEST_CASE("a wrong WEFT_DEADLOCK is an error that names it") {
  running_program program("main", "loud");
  const std::string said = program.end();
  CHECK(said.ends_with("error: WEFT_DEADLOCK=loud: neither report, abort nor off\n=1\n"));
}

TEST_CASE("without WEFT_DEADLOCK nothing is looked for") {
  running_program program("alive_circle", "off");
  CHECK(program.end() == exit_code(0));
}
