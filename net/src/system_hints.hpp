#pragma once

#include <string_view>

namespace weft::detail {

/// The ways out of an error that are this system's own, for explain().
struct system_hints {
  /// Of a port that may not be listened on.
  std::string_view port_denied;
  /// Of a raw socket that is refused.
  std::string_view raw_sockets;
  /// What says who the name servers are, and what says which port has which name.
  std::string_view name_servers;
  std::string_view service_names;
};

extern const system_hints hints;

}  // namespace weft::detail
