// Two fibers and what they return.

#include <chrono>
#include <cstdio>
#include <string>

#include <weft/io/run.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>

using namespace std::chrono_literals;

weft::result<std::string> greet(std::string whom, weft::duration after) {
  if (auto slept = weft::sleep_for(after); !slept) {
    return weft::fail(slept.error());
  }
  return "hello, " + whom;
}

int main() {
  return weft::run_main([]() -> weft::result<void> {
    auto slow = weft::spawn(greet, std::string("warp"), 20ms);
    auto fast = weft::spawn(greet, std::string("weft"), 10ms);
    for (auto* fiber : {&slow, &fast}) {
      auto greeting = fiber->join();
      if (!greeting) {
        return weft::fail(greeting.error());
      }
      std::puts(greeting->c_str());
    }
    return {};
  });
}
