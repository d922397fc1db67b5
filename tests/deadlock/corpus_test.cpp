#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <vector>

#include <doctest/doctest.h>
#include <support/emulator.hpp>
#include <support/program.hpp>

namespace weft::testing {

namespace {

program start(const char* name, const char* mode) {
  program_start what{.path = WEFT_DEADLOCK_PROGRAMS,
                     .arguments = {name},
                     .environment = {{"WEFT_DEADLOCK", mode}}};
  if (under_qemu()) {
    what.environment.emplace_back("WEFT_BACKEND", "epoll");  // else it says that it takes that
  }
  return program(what);
}

/// A program, and what its report must say.
struct named_deadlock {
  const char* program;
  std::vector<const char*> says;
};

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

/// What was found without a circle is found because all threads are known, and qemu has one more.
bool can_be_told(const named_deadlock& d) {
  return d.says.front() != in_vain || !under_qemu();
}

}  // namespace

TEST_CASE("[row B3] each of many deadlocks is named, and the process ended") {
  std::vector<named_deadlock> told;
  std::ranges::copy_if(corpus, std::back_inserter(told), can_be_told);
  std::vector<program> programs;
  for (const named_deadlock& d : told) {
    programs.push_back(start(d.program, "abort"));
  }
  for (std::size_t i = 0; i < told.size(); ++i) {
    const child_outcome ended = programs[i].end();
    CAPTURE(told[i].program);
    CAPTURE(ended.output);
    CHECK(ended.says("weft: deadlock: "));
    CHECK(ended.was_killed_by(SIGABRT));
    for (const char* words : told[i].says) {
      CHECK_MESSAGE(ended.says(words), words);
    }
  }
}

TEST_CASE("[row B3] what only waits for long is no deadlock") {
  std::vector<program> programs;
  for (const char* name : living) {
    programs.push_back(start(name, "abort"));
  }
  for (std::size_t i = 0; i < living.size(); ++i) {
    CAPTURE(living[i]);
    const child_outcome ended = programs[i].end();
    CHECK(ended.output.empty());
    CHECK(ended.exited_with(EXIT_SUCCESS));
  }
}

TEST_CASE("a program that only Ctrl-C can end is told of, and not ended" *
          doctest::skip(under_qemu())) {
  program waits = start("main", "abort");
  CHECK(waits.line() ==
        "weft: possible deadlock: every fiber waits, and nothing but an interrupt (Ctrl-C) is left "
        "that could wake one");
  waits.interrupt();
  const child_outcome ended = waits.end();
  CHECK(ended.says("an event (0x"));
  CHECK(ended.exited_with(EXIT_SUCCESS));
}

TEST_CASE("a wrong WEFT_DEADLOCK is an error that names it") {
  const child_outcome ended = start("main", "loud").end();
  CHECK(ended.output.ends_with("error: WEFT_DEADLOCK=loud: neither report, abort nor off\n"));
  CHECK(ended.exited_with(EXIT_FAILURE));
}

TEST_CASE("without WEFT_DEADLOCK nothing is looked for") {
  const child_outcome ended = start("alive_circle", "off").end();
  CHECK(ended.output.empty());
  CHECK(ended.exited_with(EXIT_SUCCESS));
}

}  // namespace weft::testing
