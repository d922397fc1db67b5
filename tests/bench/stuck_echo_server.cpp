// An echo server in which one fiber computes without a pause: how much do the others suffer?
//
//   stuck_echo_server [host:port] [seconds of computing] [seconds of rest between]
//
// Prints what examples/echo_server prints, so that compare_echo can run one beside the other.

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/sync/task_group.hpp>

namespace {

weft::result<void> echo(weft::tcp_stream peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    auto n = peer.read(buffer);
    if (!n) {
      return weft::fail(n.error());
    }
    if (auto written = peer.write_all(std::span(buffer).first(*n)); !written) {
      return written;
    }
  }
}

weft::result<void> compute(weft::duration busy, weft::duration rest) {
  for (;;) {
    if (auto slept = weft::sleep_for(rest); !slept) {
      return slept;
    }
    const auto end = weft::clock::now() + busy;
    while (weft::clock::now() < end) {
    }
  }
}

weft::result<void> serve(const char* where, weft::duration busy, weft::duration rest) {
  auto listener = weft::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  std::printf("listening on %s (backend %s, workers %u)\n",
              listener->local_endpoint()->to_string().c_str(),
              std::string(weft::io::name_of(weft::io::current_backend())).c_str(),
              weft::runtime::current()->workers());
  std::fflush(stdout);
  weft::task_group tasks{weft::on_error::keep_going};
  tasks.spawn(compute, busy, rest);
  for (;;) {
    auto peer = listener->accept();
    if (!peer) {
      return weft::fail(peer.error());
    }
    tasks.spawn(echo, std::move(*peer));
  }
}

weft::duration seconds(const char* text) {
  return std::chrono::duration_cast<weft::duration>(std::chrono::duration<double>(std::atof(text)));
}

}  // namespace

int main(int argc, char** argv) {
  return weft::run_main([&] {
    return serve(argc > 1 ? argv[1] : "127.0.0.1:7777", seconds(argc > 2 ? argv[2] : "2"),
                 seconds(argc > 3 ? argv[3] : "1"));
  });
}
