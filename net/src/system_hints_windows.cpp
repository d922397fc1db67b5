#include "system_hints.hpp"

namespace weft::detail {

const system_hints hints{
    .port_denied =
        "another program keeps the port to itself, or the system has set it aside: see "
        "netsh int ipv4 show excludedportrange",
    .raw_sockets = "raw sockets need an administrator: run the program as one",
    .name_servers = "the network's settings",
    .service_names = "%SystemRoot%\\System32\\drivers\\etc\\services",
};

}  // namespace weft::detail
