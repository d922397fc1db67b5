#pragma once

#include <vector>

#include "blocking_call.hpp"

namespace weft::testing {

/// Those of socket_calls() that are UDP's.
const std::vector<make_call>& datagram_calls();

}  // namespace weft::testing
