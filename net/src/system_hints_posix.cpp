#include "system_hints.hpp"

namespace weft::detail {

const system_hints hints{
    .port_denied = "ports below 1024 need CAP_NET_BIND_SERVICE",
    .raw_sockets =
        "raw sockets need CAP_NET_RAW: run as root, or setcap cap_net_raw+ep on the program",
    .name_servers = "/etc/resolv.conf",
    .service_names = "/etc/services",
};

}  // namespace weft::detail
