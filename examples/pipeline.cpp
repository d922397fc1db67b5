// A pipeline of fibers that hand values on through channels.
//
//   pipeline [limit]        prints the primes below the limit, default 100
//
// Each stage receives from the channel before it and closes the one behind it when it is done, so
// the end of the numbers runs down the line.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <weft/io/run.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/task_group.hpp>

using numbers = weft::channel<int>;

weft::result<void> generate(int limit, numbers& out) {
  for (int n = 2; n < limit; ++n) {
    if (auto sent = out.send(n); !sent) {
      return sent;
    }
  }
  out.close();
  return {};
}

// Lets through what the prime does not divide.
weft::result<void> filter(int prime, numbers& in, numbers& out) {
  for (const int n : in) {
    if (n % prime != 0) {
      if (auto sent = out.send(n); !sent) {
        return sent;
      }
    }
  }
  out.close();
  return {};
}

weft::result<void> sieve(int limit) {
  std::vector<std::unique_ptr<numbers>> links;
  links.push_back(std::make_unique<numbers>(16));
  weft::task_group stages;
  stages.spawn([&first = *links.back(), limit] { return generate(limit, first); });
  while (auto prime = links.back()->receive()) {
    std::printf("%d ", *prime);
    numbers& in = *links.back();
    numbers& out = *links.emplace_back(std::make_unique<numbers>(16));
    stages.spawn([p = *prime, &in, &out] { return filter(p, in, out); });
  }
  std::printf("\n");
  return stages.wait();
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return sieve(argc > 1 ? std::atoi(argv[1]) : 100); });
}
