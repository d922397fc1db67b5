#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "socket_option.hpp"

/// The options that some systems lack, or name in their own way.
namespace weft::detail::option {

#ifdef SO_REUSEPORT
inline constexpr option_name reuse_port{SOL_SOCKET, SO_REUSEPORT};
#else
inline constexpr option_name reuse_port{SOL_SOCKET, -1};
#endif

#ifdef SO_BINDTODEVICE
inline constexpr option_name bind_to_interface{SOL_SOCKET, SO_BINDTODEVICE};
#else
inline constexpr option_name bind_to_interface{SOL_SOCKET, -1};
#endif

#ifdef SO_TIMESTAMPNS
inline constexpr option_name timestamp{SOL_SOCKET, SO_TIMESTAMPNS};
#else
inline constexpr option_name timestamp{SOL_SOCKET, -1};
#endif

#ifdef IP_PKTINFO
inline constexpr option_name destination_v4{IPPROTO_IP, IP_PKTINFO};
#else
inline constexpr option_name destination_v4{IPPROTO_IP, -1};
#endif

#ifdef IPV6_RECVPKTINFO
inline constexpr option_name destination_v6{IPPROTO_IPV6, IPV6_RECVPKTINFO};
#else
inline constexpr option_name destination_v6{IPPROTO_IPV6, -1};
#endif

#ifdef IP_MULTICAST_ALL
inline constexpr option_name others_groups_v4{IPPROTO_IP, IP_MULTICAST_ALL};
#else
inline constexpr option_name others_groups_v4{IPPROTO_IP, -1};
#endif

#ifdef IPV6_MULTICAST_ALL
inline constexpr option_name others_groups_v6{IPPROTO_IPV6, IPV6_MULTICAST_ALL};
#else
inline constexpr option_name others_groups_v6{IPPROTO_IPV6, -1};
#endif

#ifdef UDP_SEGMENT
inline constexpr option_name segment_size{IPPROTO_UDP, UDP_SEGMENT};
#else
inline constexpr option_name segment_size{IPPROTO_UDP, -1};
#endif

#ifdef UDP_GRO
inline constexpr option_name receive_offload{IPPROTO_UDP, UDP_GRO};
#else
inline constexpr option_name receive_offload{IPPROTO_UDP, -1};
#endif

#ifdef SO_PEERCRED
inline constexpr option_name peer_credentials{SOL_SOCKET, SO_PEERCRED};
#else
inline constexpr option_name peer_credentials{SOL_SOCKET, -1};
#endif

}  // namespace weft::detail::option
