// Asks several sources at once; the first answer wins, and the others are cancelled.
//
//   first_answer [milliseconds ...]     how long each source takes, default 300 20 100
//
// select() waits for a known number of things, completion_queue for any number.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <weft/io/run.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/completion_queue.hpp>
#include <weft/sync/select.hpp>

using namespace std::chrono_literals;

weft::result<std::string> ask(weft::duration delay) {
  if (auto slept = weft::sleep_for(delay); !slept) {
    return weft::fail(slept.error());
  }
  return "the answer that took " + std::to_string(delay / 1ms) + " ms";
}

// Of two, with a time limit.
weft::result<std::string> primary_or_backup() {
  auto primary = weft::spawn(ask, 80ms);
  auto backup = weft::spawn(ask, 40ms);
  return weft::select(weft::on(primary.joining()), weft::on(backup.joining()), weft::after(1s));
}  // the handle of the slower one cancels and joins it

// Of any number. A source that fails is not an answer.
weft::result<std::string> first_of(std::span<const weft::duration> delays) {
  std::vector<weft::join_handle<std::string>> sources;
  weft::completion_queue<std::string> answers;
  for (const weft::duration delay : delays) {
    sources.push_back(weft::spawn(ask, delay));
  }
  for (auto& source : sources) {
    answers.add(source.joining());
  }
  weft::result<std::string> answer = weft::fail(weft::errc::end_of_stream);
  while (!answer && !answers.empty()) {
    answer = answers.next();
  }
  return answer;
}

weft::result<void> run(std::span<const weft::duration> delays) {
  for (const auto& answer : {primary_or_backup(), first_of(delays)}) {
    if (!answer) {
      return weft::fail(answer.error());
    }
    std::printf("%s\n", answer->c_str());
  }
  return {};
}

int main(int argc, char** argv) {
  std::vector<weft::duration> delays;
  for (const char* delay : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    delays.push_back(1ms * std::atoi(delay));
  }
  if (delays.empty()) {
    delays = {300ms, 20ms, 100ms};
  }
  return weft::run_main([&] { return run(delays); });
}
