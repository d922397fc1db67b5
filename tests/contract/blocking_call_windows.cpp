#include "blocking_call.hpp"

/// There are no Unix sockets there, and no pipes that can be waited for.
namespace weft::testing {

namespace {

const std::vector<make_call> none;

}  // namespace

const std::vector<make_call>& pipe_calls() {
  return none;
}

const std::vector<make_call>& socket_calls() {
  return none;
}

}  // namespace weft::testing
