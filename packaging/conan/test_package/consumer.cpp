#include <cstdio>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>

int main() {
  return weft::run_main([]() -> weft::result<void> {
    auto listener = weft::listen("127.0.0.1:0");
    if (!listener) {
      return weft::fail(listener.error());
    }
    std::printf("listening on %s\n", listener->local_endpoint()->to_string().c_str());
    return {};
  });
}
