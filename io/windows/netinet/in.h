#pragma once

#include <sys/socket.h>

// Here one option is both what a datagram carries and the wish to be told.
#ifndef IP_RECVTOS
#define IP_RECVTOS 40
#endif
#ifndef IPV6_RECVPKTINFO
#define IPV6_RECVPKTINFO IPV6_PKTINFO
#endif
#ifndef IPV6_RECVHOPLIMIT
#define IPV6_RECVHOPLIMIT IPV6_HOPLIMIT
#endif

// Where a datagram went to and where it shall come from are one and the same field.
#define ipi_spec_dst ipi_addr

struct ip_mreqn {
  in_addr imr_multiaddr;
  in_addr imr_address;
  int imr_ifindex;
};
