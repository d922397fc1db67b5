/// What a round trip with a fiber costs a thread of the program that uses weft.h: when it waits
/// itself, and when a fiber reads for it.
///
///   c_api_waits [round trips]
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include <weft/ffi/weft.h>

namespace {

std::int64_t answer(void* argument) {
  const weft_handle peer = *static_cast<weft_handle*>(argument);
  std::array<char, 64> buffer;
  std::int64_t n = 0;
  while ((n = weft_read(peer, buffer.data(), buffer.size(), WEFT_FOREVER, WEFT_NONE)) > 0) {
    weft_write_all(peer, buffer.data(), static_cast<std::size_t>(n), WEFT_FOREVER, WEFT_NONE);
  }
  return n;
}

struct trip {
  weft_handle socket;
  std::array<char, 64> buffer{};
};

std::int64_t read_one(void* argument) {
  auto* mine = static_cast<trip*>(argument);
  return weft_read(mine->socket, mine->buffer.data(), mine->buffer.size(), WEFT_FOREVER, WEFT_NONE);
}

double microseconds_each(int trips, const std::function<void()>& one) {
  for (int i = 0; i < trips / 10; ++i) {
    one();
  }
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < trips; ++i) {
    one();
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  return took.count() / trips;
}

}  // namespace

int main(int argc, char** argv) {
  const int trips = argc > 1 ? std::atoi(argv[1]) : 20'000;
  weft_start_options options{};
  options.size = sizeof options;
  options.workers = 1;
  if (weft_start(&options) < 0) {
    return EXIT_FAILURE;
  }
  std::array<weft_handle, 2> ends{};
  weft_unix_pair(ends.data());
  weft_spawn(answer, &ends[1], nullptr);
  trip one{.socket = ends[0]};
  const auto write = [&] {
    weft_write_all(one.socket, one.buffer.data(), one.buffer.size(), WEFT_FOREVER, WEFT_NONE);
  };
  for (int round = 0; round < 3; ++round) {
    const double direct = microseconds_each(trips, [&] {
      write();
      read_one(&one);
    });
    const double by_fiber = microseconds_each(trips, [&] {
      write();
      weft_fiber_join(weft_spawn(read_one, &one, nullptr), nullptr, WEFT_FOREVER, WEFT_NONE);
    });
    std::printf("the thread itself %.2f us, through a fiber %.2f us: %.2f\n", direct, by_fiber,
                by_fiber / direct);
  }
  return weft_stop() == WEFT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
