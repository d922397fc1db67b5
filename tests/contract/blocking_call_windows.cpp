#include "blocking_call_datagrams.hpp"

/// There are no Unix sockets there, and no pipes that can be waited for.
namespace weft::testing {

const std::vector<make_call>& pipe_calls() {
  static const std::vector<make_call> none;
  return none;
}

const std::vector<make_call>& socket_calls() {
  return datagram_calls();
}

}  // namespace weft::testing
