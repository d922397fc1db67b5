// A program outside the project that needs every module: it compiles, links and runs.

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/version.hpp>
#include <weft/sync/task_group.hpp>

static_assert(weft::header_version.major_number == WEFT_VERSION_MAJOR);

int main() {
  return weft::run_main([]() -> weft::result<void> {
    auto listener = weft::listen("127.0.0.1:0");
    if (!listener) {
      return weft::fail(listener.error());
    }
    weft::task_group peers{weft::on_error::fail_fast};
    peers.spawn([&listener]() -> weft::result<void> {
      auto peer = listener->accept();
      return peer ? weft::result<void>{} : weft::fail(peer.error());
    });
    auto client = weft::connect(listener->local_endpoint()->to_string());
    if (!client) {
      return weft::fail(client.error());
    }
    return peers.wait();
  });
}
