#pragma once

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "socket_option.hpp"

/// The options that some systems lack, or name in their own way, and the flags and errors that go
/// with sockets and that some lack.
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

// In seconds; macOS counts another one in ticks.
#ifdef SO_LINGER_SEC
inline constexpr option_name linger{SOL_SOCKET, SO_LINGER_SEC};
#else
inline constexpr option_name linger{SOL_SOCKET, SO_LINGER};
#endif

// The control data that answers has a number of its own, and is a timespec or a timeval.
#if defined(SO_TIMESTAMPNS)
inline constexpr option_name timestamp{SOL_SOCKET, SO_TIMESTAMPNS};
inline constexpr option_name time_told = timestamp;
inline constexpr bool time_in_microseconds = false;
#elif defined(SO_TIMESTAMP)
inline constexpr option_name timestamp{SOL_SOCKET, SO_TIMESTAMP};
inline constexpr option_name time_told{SOL_SOCKET, SCM_TIMESTAMP};
inline constexpr bool time_in_microseconds = true;
#else
inline constexpr option_name timestamp{SOL_SOCKET, -1};
inline constexpr option_name time_told = timestamp;
inline constexpr bool time_in_microseconds = false;
#endif

// Where IP_SENDSRCADDR sets a source address, its counterpart tells the destination.
#if defined(IP_SENDSRCADDR)
inline constexpr option_name destination_v4{IPPROTO_IP, IP_RECVDSTADDR};
#elif defined(IP_PKTINFO)
inline constexpr option_name destination_v4{IPPROTO_IP, IP_PKTINFO};
#else
inline constexpr option_name destination_v4{IPPROTO_IP, -1};
#endif

#ifdef IPV6_RECVPKTINFO
inline constexpr option_name destination_v6{IPPROTO_IPV6, IPV6_RECVPKTINFO};
#else
inline constexpr option_name destination_v6{IPPROTO_IPV6, -1};
#endif

#ifdef IP_RECVTOS
inline constexpr option_name service_told_v4{IPPROTO_IP, IP_RECVTOS};
#else
inline constexpr option_name service_told_v4{IPPROTO_IP, -1};
#endif

#ifdef IP_RECVTTL
inline constexpr option_name hops_told_v4{IPPROTO_IP, IP_RECVTTL};
#else
inline constexpr option_name hops_told_v4{IPPROTO_IP, -1};
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

#if defined(TCP_KEEPIDLE)
inline constexpr option_name keep_alive_idle{IPPROTO_TCP, TCP_KEEPIDLE};
#elif defined(TCP_KEEPALIVE)
inline constexpr option_name keep_alive_idle{IPPROTO_TCP, TCP_KEEPALIVE};
#else
inline constexpr option_name keep_alive_idle{IPPROTO_TCP, -1};
#endif

#ifdef TCP_KEEPINTVL
inline constexpr option_name keep_alive_interval{IPPROTO_TCP, TCP_KEEPINTVL};
#else
inline constexpr option_name keep_alive_interval{IPPROTO_TCP, -1};
#endif

#ifdef TCP_KEEPCNT
inline constexpr option_name keep_alive_count{IPPROTO_TCP, TCP_KEEPCNT};
#else
inline constexpr option_name keep_alive_count{IPPROTO_TCP, -1};
#endif

#ifdef TCP_QUICKACK
inline constexpr option_name quick_ack{IPPROTO_TCP, TCP_QUICKACK};
#else
inline constexpr option_name quick_ack{IPPROTO_TCP, -1};
#endif

#ifdef TCP_USER_TIMEOUT
inline constexpr option_name user_timeout{IPPROTO_TCP, TCP_USER_TIMEOUT};
#else
inline constexpr option_name user_timeout{IPPROTO_TCP, -1};
#endif

#ifdef TCP_FASTOPEN_CONNECT
inline constexpr option_name fast_open{IPPROTO_TCP, TCP_FASTOPEN_CONNECT};
#else
inline constexpr option_name fast_open{IPPROTO_TCP, -1};
#endif

#ifdef TCP_FASTOPEN
inline constexpr option_name fast_open_queue{IPPROTO_TCP, TCP_FASTOPEN};
#else
inline constexpr option_name fast_open_queue{IPPROTO_TCP, -1};
#endif

#ifdef TCP_DEFER_ACCEPT
inline constexpr option_name defer_accept{IPPROTO_TCP, TCP_DEFER_ACCEPT};
#else
inline constexpr option_name defer_accept{IPPROTO_TCP, -1};
#endif

#ifdef IP_BIND_ADDRESS_NO_PORT
inline constexpr option_name late_source_port{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT};
#else
inline constexpr option_name late_source_port{IPPROTO_IP, -1};
#endif

}  // namespace weft::detail::option

namespace weft::detail {

// What a received message hands over shall be closed by exec(). Where no flag says so, the call
// sees to it.
#ifdef MSG_CMSG_CLOEXEC
inline constexpr int handles_close_on_exec = MSG_CMSG_CLOEXEC;
#else
inline constexpr int handles_close_on_exec = 0;
#endif

#ifdef ENONET
inline constexpr int machine_off_network = ENONET;
#else
inline constexpr int machine_off_network = ENETDOWN;
#endif

}  // namespace weft::detail
