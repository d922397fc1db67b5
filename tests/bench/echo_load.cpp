// echo_load: loads a TCP echo server and says how many messages came back, and how late.

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sys/resource.h>

#include "echo_load_client.hpp"

namespace echo_load {
namespace {

constexpr const char* usage =
    R"(usage: echo_load --port N [options]
Loads a TCP echo server in a closed loop and prints its rate, its latencies and its CPU time.

  --host ADDRESS     numeric address of the server (127.0.0.1)
  --connections N    how many at a time (1)
  --size BYTES       of a message (64)
  --pipeline N       messages under way on each connection (1)
  --seconds S        length of the measured window (3)
  --warmup S         load before it (0.5)
  --churn N          messages after which a connection is replaced by a new one (never); one
                     message at a time
  --server-pid PID   also report this process's CPU time per message
  --spin             poll without sleeping; for a generator with a core of its own
  --verify-all       compare every byte; otherwise messages above 4 KiB are sampled
  --json             print one JSON object
)";

struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename Number>
Number number(std::string_view name, std::string_view word, Number least, Number most) {
  Number value{};
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  // Written so that not-a-number is refused.
  if (error != std::errc{} || stop != end || !(value >= least && value <= most)) {
    throw usage_error(std::string(name) + " " + std::string(word) + ": expected a number from " +
                      std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

/// True when `name` is an option without a value, which is then set.
bool set_flag(options& what, std::string_view name) {
  if (name == "--json") {
    what.json = true;
  } else if (name == "--spin") {
    what.spin = true;
  } else if (name == "--verify-all") {
    what.verify_all = true;
  } else {
    return false;
  }
  return true;
}

void set_value(options& what, std::string_view name, std::string_view word) {
  if (name == "--host") {
    what.host = word;
  } else if (name == "--port") {
    what.port = number<std::uint16_t>(name, word, 1, 65535);
  } else if (name == "--connections") {
    what.connections = number<std::size_t>(name, word, 1, 1'000'000);
  } else if (name == "--size") {
    what.size = number<std::size_t>(name, word, 1, std::size_t{1} << 30U);
  } else if (name == "--pipeline") {
    what.pipeline = number<std::size_t>(name, word, 1, 65536);
  } else if (name == "--seconds") {
    what.seconds = number<double>(name, word, 0.01, 86400);
  } else if (name == "--warmup") {
    what.warmup = number<double>(name, word, 0, 3600);
  } else if (name == "--churn") {
    what.churn = number<std::uint64_t>(name, word, 1, 1'000'000'000);
  } else if (name == "--server-pid") {
    what.server_process = number<pid_t>(name, word, 1, 1 << 30);
  } else {
    throw usage_error(std::string(name) + ": no such option");
  }
}

options parse(int count, char** words) {
  options what;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = words[i];
    if (name == "--help") {
      std::fputs(usage, stdout);
      std::exit(0);
    }
    if (set_flag(what, name)) {
      continue;
    }
    if (i + 1 == count) {
      throw usage_error(std::string(name) + ": no such option, or its value is missing");
    }
    set_value(what, name, words[++i]);
  }
  if (what.port == 0) {
    throw usage_error("--port is missing");
  }
  if (what.churn != 0 && what.pipeline != 1) {
    throw usage_error("--churn goes with --pipeline 1");
  }
  return what;
}

/// Raises the descriptor limit as far as the system lets us, and says so if that is not enough.
void allow_descriptors(std::size_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t others = 16;
  if (connections + others > limit.rlim_cur) {
    throw std::runtime_error("--connections " + std::to_string(connections) +
                             ": this process may open " + std::to_string(limit.rlim_cur) +
                             " descriptors; raise `ulimit -n`");
  }
}

struct figures {
  double seconds, rate, megabytes, p50, p90, p99, p999, max, server_us, server_busy, own_busy;
};

figures summarize(const options& what, const report& seen) {
  const auto messages = static_cast<double>(seen.messages);
  const auto microseconds = [&seen](double fraction) {
    return static_cast<double>(seen.latency.percentile(fraction)) / 1e3;
  };
  figures sum{};
  const double seconds = static_cast<double>(seen.duration) / 1e9;
  const double server_cpu = static_cast<double>(seen.server_cpu);
  sum.seconds = seconds;
  sum.rate = messages / seconds;
  sum.megabytes = sum.rate * static_cast<double>(what.size) / 1e6;
  sum.p50 = microseconds(0.5);
  sum.p90 = microseconds(0.9);
  sum.p99 = microseconds(0.99);
  sum.p999 = microseconds(0.999);
  sum.max = static_cast<double>(seen.latency.largest()) / 1e3;
  sum.server_us = messages > 0 ? server_cpu / 1e3 / messages : 0;
  sum.server_busy = server_cpu / 1e9 / seconds;
  sum.own_busy = static_cast<double>(seen.own_cpu) / 1e9 / seconds;
  return sum;
}

void print_json(const options& what, const report& seen, const figures& sum) {
  std::printf(
      R"({"connections": %zu, "size": %zu, "pipeline": %zu, "seconds": %.3f, "messages": %llu, )"
      R"("rate": %.1f, "megabytes_per_second": %.1f, "p50_us": %.2f, "p90_us": %.2f, )"
      R"("p99_us": %.2f, "p999_us": %.2f, "max_us": %.2f, "slowest_connection": %.3f, )"
      R"("generator_busy": %.3f)",
      what.connections, what.size, what.pipeline, sum.seconds,
      static_cast<unsigned long long>(seen.messages), sum.rate, sum.megabytes, sum.p50, sum.p90,
      sum.p99, sum.p999, sum.max, seen.slowest, sum.own_busy);
  if (what.server_process != 0) {
    std::printf(R"(, "server_us_per_message": %.4f, "server_busy": %.3f)", sum.server_us,
                sum.server_busy);
  }
  std::puts("}");
}

void print_table(const options& what, const report& seen, const figures& sum) {
  std::printf("%zu connections, %zu bytes, %zu under way on each, %.2f s\n", what.connections,
              what.size, what.pipeline, sum.seconds);
  std::printf("round trips/s  %12.0f   (%.1f MB/s each way)\n", sum.rate, sum.megabytes);
  std::printf("latency, us    p50 %.1f   p90 %.1f   p99 %.1f   p99.9 %.1f   max %.1f\n", sum.p50,
              sum.p90, sum.p99, sum.p999, sum.max);
  std::printf("slowest connection  %.2f of the mean\n", seen.slowest);
  if (what.server_process != 0) {
    std::printf("server CPU     %.3f us a message, %.0f %% of a core\n", sum.server_us,
                sum.server_busy * 100);
  }
  std::printf("generator CPU  %.0f %% of a core\n", sum.own_busy * 100);
}

void load(const options& what) {
  allow_descriptors(what.connections);
  const report seen = client(what).run();
  const figures sum = summarize(what, seen);
  if (what.json) {
    print_json(what, seen, sum);
  } else {
    print_table(what, seen, sum);
  }
}

}  // namespace
}  // namespace echo_load

int main(int count, char** words) {
  try {
    echo_load::load(echo_load::parse(count, words));
    return 0;
  } catch (const echo_load::usage_error& error) {
    std::fprintf(stderr, "echo_load: %s (see --help)\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo_load: %s\n", error.what());
    return 1;
  }
}
