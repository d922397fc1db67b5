#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <weft/ffi/weft.h>

/// What tests share in which threads of the program call weft.h.
namespace weft::c::testing {

/// From weft_start() to weft_stop().
struct library {
  explicit library(std::uint32_t workers = 2) {
    weft_start_options options{};
    options.size = sizeof options;
    options.workers = workers;
    REQUIRE(weft_start(&options) == WEFT_OK);
  }
  ~library() { stop(); }
  void stop() {
    if (!stopped) {
      CHECK(weft_stop() == WEFT_OK);
      stopped = true;
    }
  }
  bool stopped = false;
};

class threads {
 public:
  void add(std::function<void()> f) { all_.emplace_back(std::move(f)); }
  std::thread& back() { return all_.back(); }
  ~threads() {
    for (auto& each : all_) {
      each.join();
    }
  }

 private:
  std::vector<std::thread> all_;
};

/// Has the function called in a fiber, and waits for it.
inline std::int64_t in_fiber(std::function<std::int64_t()> f) {
  const auto call = [](void* argument) {
    return (*static_cast<std::function<std::int64_t()>*>(argument))();
  };
  std::int64_t result = 0;
  const weft_handle fiber = weft_spawn(call, &f, nullptr);
  CHECK(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE) == WEFT_OK);
  return result;
}

inline bool is_end(std::int64_t code) {
  return code == WEFT_E_CLOSED || code == WEFT_E_STALE_HANDLE || code == WEFT_E_CANCELED ||
         code == WEFT_E_NOT_STARTED;
}

/// A thread binds a classic socket while another closes it.
inline void bind_and_close(weft_handle socket, const std::string& address) {
  REQUIRE(socket > 0);
  threads both;
  both.add([&] {
    const int bound = weft_bind(socket, address.c_str());
    CHECK((bound == WEFT_OK || is_end(bound)));
  });
  both.add([&] { CHECK(weft_close(socket) == WEFT_OK); });
}

}  // namespace weft::c::testing
