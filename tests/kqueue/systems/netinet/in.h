#pragma once

#include <cstdint>

#include <sys/socket.h>

/// What the BSDs and macOS declare in <netinet/in.h>, as far as weft uses it.
using in_port_t = std::uint16_t;
using in_addr_t = std::uint32_t;

#define IPPROTO_IP 0
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41

struct in_addr {
  in_addr_t s_addr;
};

struct in6_addr {
  std::uint8_t s6_addr[16];
};

struct sockaddr_in {
  unsigned char sin_len;
  sa_family_t sin_family;
  in_port_t sin_port;
  in_addr sin_addr;
  char sin_zero[8];
};

struct sockaddr_in6 {
  unsigned char sin6_len;
  sa_family_t sin6_family;
  in_port_t sin6_port;
  std::uint32_t sin6_flowinfo;
  in6_addr sin6_addr;
  std::uint32_t sin6_scope_id;
};

#define INADDR_ANY in_addr_t{0}
#define INADDR_LOOPBACK in_addr_t{0x7f000001}

#define IP_TOS 3
#define IP_TTL 4
#define IP_RECVDSTADDR 7
#define IP_MULTICAST_IF 9
#define IP_MULTICAST_TTL 10
#define IP_MULTICAST_LOOP 11
#define IP_ADD_MEMBERSHIP 12
#define IP_DROP_MEMBERSHIP 13
#if defined(__APPLE__)
#define IP_RECVTTL 24
#define IP_PKTINFO 26
#define IP_RECVTOS 27
struct in_pktinfo {
  unsigned ipi_ifindex;
  in_addr ipi_spec_dst;
  in_addr ipi_addr;
};
#elif defined(__FreeBSD__)
#define IP_SENDSRCADDR IP_RECVDSTADDR
#define IP_RECVTTL 65
#define IP_RECVTOS 68
#elif defined(__NetBSD__)
#define IP_SENDSRCADDR IP_RECVDSTADDR
#define IP_RECVTTL 23
#define IP_PKTINFO 25
#else
#define IP_SENDSRCADDR IP_RECVDSTADDR
#define IP_RECVTTL 31
#endif

struct ip_mreq {
  in_addr imr_multiaddr;
  in_addr imr_interface;
};

struct ipv6_mreq {
  in6_addr ipv6mr_multiaddr;
  unsigned ipv6mr_interface;
};

#define IPV6_UNICAST_HOPS 4
#define IPV6_MULTICAST_IF 9
#define IPV6_MULTICAST_HOPS 10
#define IPV6_MULTICAST_LOOP 11
#define IPV6_JOIN_GROUP 12
#define IPV6_LEAVE_GROUP 13
#define IPV6_V6ONLY 27

// macOS gives these names only to those who ask for them.
#if !defined(__APPLE__) || defined(__APPLE_USE_RFC_3542)
#define IPV6_RECVPKTINFO 36
#define IPV6_RECVHOPLIMIT 37
#define IPV6_PKTINFO 46
#define IPV6_HOPLIMIT 47
#define IPV6_RECVTCLASS 57
#define IPV6_TCLASS 61
struct in6_pktinfo {
  in6_addr ipi6_addr;
  unsigned ipi6_ifindex;
};
#endif

#if defined(__APPLE__) || defined(__FreeBSD__)
#define IP_ADD_SOURCE_MEMBERSHIP 70
#define IP_DROP_SOURCE_MEMBERSHIP 71
#define IP_BLOCK_SOURCE 72
#define IP_UNBLOCK_SOURCE 73
#define MCAST_JOIN_GROUP 80
#define MCAST_LEAVE_GROUP 81
#define MCAST_JOIN_SOURCE_GROUP 82
#define MCAST_LEAVE_SOURCE_GROUP 83
#define MCAST_BLOCK_SOURCE 84
#define MCAST_UNBLOCK_SOURCE 85

struct ip_mreqn {
  in_addr imr_multiaddr;
  in_addr imr_address;
  int imr_ifindex;
};

struct ip_mreq_source {
  in_addr imr_multiaddr;
  in_addr imr_sourceaddr;
  in_addr imr_interface;
};

struct group_req {
  std::uint32_t gr_interface;
  sockaddr_storage gr_group;
};

struct group_source_req {
  std::uint32_t gsr_interface;
  sockaddr_storage gsr_group;
  sockaddr_storage gsr_source;
};
#endif

extern "C" {
std::uint16_t htons(std::uint16_t value);
std::uint16_t ntohs(std::uint16_t value);
std::uint32_t htonl(std::uint32_t value);
std::uint32_t ntohl(std::uint32_t value);
}
