#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "echo_load_histogram.hpp"
#include "echo_load_pattern.hpp"
#include "echo_load_server.hpp"

namespace echo_load {

/// What to do; main() fills it from the command line.
struct options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::size_t connections = 1;
  std::size_t size = 64;
  std::size_t pipeline = 1;
  double seconds = 3;
  double warmup = 0.5;
  std::uint64_t churn = 0;
  pid_t server_process = 0;
  bool json = false;
  bool spin = false;
  bool verify_all = false;
};

/// What was seen in the measured window. CPU times and the window are in nanoseconds.
struct report {
  std::uint64_t duration = 0;
  std::uint64_t messages = 0;
  std::uint64_t server_cpu = 0;
  std::uint64_t own_cpu = 0;
  double slowest = 0;  ///< messages of the slowest connection; the mean is 1
  histogram latency;
};

/// A closed loop: each connection keeps `pipeline` messages under way, and sends the next one when
/// one has come back whole.
///
/// Errors: every failure throws std::runtime_error with a sentence that names the server.
/// Threads: one; it polls, reads and writes, and nothing else runs.
class client {
 public:
  explicit client(const options& what);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Connects everything, warms up, measures, and waits for what is still under way.
  report run();

 private:
  struct connection {
    int fd = -1;
    std::uint32_t reads = 0;
    std::uint64_t to_send = 0;          // bytes that are due and that the socket has not taken
    std::uint64_t origin = 0;           // where in the pattern the stream begins
    std::uint64_t sent = 0;             // place in the pattern of the next byte to send
    std::uint64_t received = 0;         // likewise, to receive
    std::uint64_t finished = 0;         // whole messages received
    std::uint64_t replaced_at = 0;      // what finished was when it was last connected anew
    std::uint64_t finished_before = 0;  // when the window opened
    std::uint64_t* started = nullptr;   // `pipeline` send times; message n has n % pipeline
  };

  void connect_all();
  void open(connection& peer);
  void replace(connection& peer);
  void open_window();
  void poll_until(std::uint64_t deadline);
  [[nodiscard]] bool poll_once(std::uint64_t deadline);
  void serve(connection& peer, std::uint32_t events);
  void receive(connection& peer);
  void finish_messages(connection& peer);
  void send_due(connection& peer);
  void drain();
  [[nodiscard]] double slowest() const;
  [[noreturn]] void fail(const connection& peer, const std::string& what) const;

  const options& what_;
  server server_;
  pattern pattern_;
  int poller_ = -1;
  std::vector<connection> connections_;
  std::vector<std::uint64_t> started_;
  std::unique_ptr<unsigned char[]> buffer_;
  bool draining_ = false;
  std::uint64_t under_way_ = 0;
  std::uint64_t messages_ = 0;
  histogram latency_;
};

}  // namespace echo_load
