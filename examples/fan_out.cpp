// Asks several servers at once and takes what has come by a deadline.
//
//   fan_out [host:port ...]       sends each server a line and prints the line it answers
//
// Without arguments it asks three servers of its own, one of which is too slow.

#include <array>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

struct answer {
  std::string server;
  std::string text = "no answer in time";
};

weft::result<void> ask(answer& out) {
  auto stream = weft::connect(out.server);
  if (!stream) {
    out.text = weft::explain(stream.error());
    return {};
  }
  if (auto sent = stream->write_all("what time is it?\n"); !sent) {
    return sent;
  }
  std::array<std::byte, 256> buffer;
  auto n = stream->read(buffer);
  if (!n) {
    return weft::fail(n.error());
  }
  out.text.assign(reinterpret_cast<const char*>(buffer.data()), *n);
  return {};
}

// All questions share one deadline: it reaches into the group's fibers.
void ask_all(std::vector<answer>& answers) {
  weft::timeout_scope deadline{200ms};
  weft::task_group questions{weft::on_error::keep_going};
  for (answer& a : answers) {
    questions.spawn([&a] { return ask(a); });
  }
  (void)questions.wait();
}

weft::result<void> answer_after(weft::tcp_listener& listener, weft::duration delay) {
  auto peer = listener.accept();
  if (!peer) {
    return weft::fail(peer.error());
  }
  if (auto slept = weft::sleep_for(delay); !slept) {
    return slept;
  }
  return peer->write_all("an answer that took " + std::to_string(delay / 1ms) + " ms");
}

weft::result<void> run(std::vector<answer> answers) {
  std::array<weft::tcp_listener, 3> listeners;
  weft::task_group servers{weft::on_error::keep_going};
  if (answers.empty()) {
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      auto listener = weft::listen("127.0.0.1:0");
      if (!listener) {
        return weft::fail(listener.error());
      }
      listeners[i] = std::move(*listener);
      answers.push_back({.server = listeners[i].local_endpoint()->to_string()});
      const weft::duration delay = i == 2 ? weft::duration(10s) : weft::duration(50ms * (i + 1));
      servers.spawn([&listener = listeners[i], delay] { return answer_after(listener, delay); });
    }
  }
  ask_all(answers);
  for (const answer& a : answers) {
    std::printf("%s: %s\n", a.server.c_str(), a.text.c_str());
  }
  return {};
}

int main(int argc, char** argv) {
  std::vector<answer> answers;
  for (const char* server : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    answers.push_back({.server = server});
  }
  return weft::run_main([&] { return run(std::move(answers)); });
}
