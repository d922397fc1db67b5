// run_command <program> [<argument>...]
//
// Runs a program for at most ten seconds and prints what it said, line by line as it comes, with
// its errors among them, and how it ended. Ctrl-C ends both.

#include <array>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include <weft/io/command.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

namespace {

/// Prints the lines of one of the program's streams.
weft::result<void> print_lines(const char* stream, weft::io::pipe_reader from) {
  std::string unfinished;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto n = from.read(std::as_writable_bytes(std::span(buffer)));
    if (!n && n.error() != weft::errc::end_of_stream) {
      return weft::fail(n.error());
    }
    unfinished.append(buffer.data(), n.value_or(0));
    for (auto end = unfinished.find('\n'); end != unfinished.npos; end = unfinished.find('\n')) {
      std::printf("%s: %s\n", stream, unfinished.substr(0, end).c_str());
      unfinished.erase(0, end + 1);
    }
    if (!n) {
      return {};
    }
  }
}

weft::result<int> run(const weft::io::command& program) {
  weft::timeout_scope limit(10s);
  auto child = program.spawn();
  if (!child) {
    return weft::fail(child.error());
  }
  weft::task_group printers;
  printers.spawn(print_lines, "out", std::move(child->output()));
  printers.spawn(print_lines, "err", std::move(child->error()));
  if (auto printed = printers.wait(); !printed) {
    return weft::fail(printed.error());
  }
  const auto ended = child->wait();
  if (!ended) {
    return weft::fail(ended.error());
  }
  std::printf("%s\n", ended->to_string().c_str());
  return ended->is_success() ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: run_command <program> [<argument>...]\n");
    return 2;
  }
  weft::io::command program(words[1]);
  for (int i = 2; i < count; ++i) {
    program.argument(words[i]);
  }
  program.output(weft::io::child_stream::pipe()).error(weft::io::child_stream::pipe());
  program.kill_on_drop();
  return weft::run_main([&] { return run(program); });
}
