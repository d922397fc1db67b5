#pragma once

#include <cstddef>

#include <bits/types/struct_iovec.h>
#include <sys/types.h>

/// What the BSDs and macOS declare in <sys/socket.h>, as far as weft uses it, for compilers that
/// lack their headers: their types, and the options and flags that each of them has.
#ifndef __socklen_t_defined
#define __socklen_t_defined
using socklen_t = unsigned;
#endif
using sa_family_t = unsigned char;

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#if defined(__FreeBSD__)
#define AF_INET6 28
#elif defined(__APPLE__)
#define AF_INET6 30
#else
#define AF_INET6 24
#endif

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#if !defined(__APPLE__)
#define SOCK_CLOEXEC 0x10000000
#define SOCK_NONBLOCK 0x20000000
#endif
#define SOMAXCONN 128

#define SOL_SOCKET 0xffff
#define SO_REUSEADDR 0x0004
#define SO_ACCEPTCONN 0x0002
#define SO_KEEPALIVE 0x0008
#define SO_BROADCAST 0x0020
#define SO_LINGER 0x0080
#define SO_REUSEPORT 0x0200
#define SO_SNDBUF 0x1001
#define SO_RCVBUF 0x1002
#define SO_ERROR 0x1007
#define SO_TYPE 0x1008
#if defined(__NetBSD__)
#define SO_TIMESTAMP 0x2000
#define SCM_TIMESTAMP 0x08
#elif defined(__OpenBSD__)
#define SO_TIMESTAMP 0x0800
#define SCM_TIMESTAMP 0x04
#else
#define SO_TIMESTAMP 0x0400
#define SCM_TIMESTAMP 0x02
#endif
#if defined(__APPLE__)
#define SO_NOSIGPIPE 0x1022
#define SO_LINGER_SEC 0x1080
#elif defined(__OpenBSD__)
#define SO_PEERCRED 0x1022
struct sockpeercred {
  uid_t uid;
  gid_t gid;
  pid_t pid;
};
#endif

#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_TRUNC 0x10
#define MSG_CTRUNC 0x20
#define MSG_DONTWAIT 0x80
#if defined(__FreeBSD__)
#define MSG_NOSIGNAL 0x20000
#define MSG_CMSG_CLOEXEC 0x40000
#elif !defined(__APPLE__)
#define MSG_NOSIGNAL 0x400
#define MSG_CMSG_CLOEXEC 0x800
#endif
#define SCM_RIGHTS 1

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

struct sockaddr {
  unsigned char sa_len;
  sa_family_t sa_family;
  char sa_data[14];
};

struct sockaddr_storage {
  unsigned char ss_len;
  sa_family_t ss_family;
  alignas(8) char ss_rest[120];
};

struct linger {
  int l_onoff;
  int l_linger;
};

struct msghdr {
  void* msg_name;
  socklen_t msg_namelen;
  iovec* msg_iov;
  int msg_iovlen;
  void* msg_control;
  socklen_t msg_controllen;
  int msg_flags;
};

struct cmsghdr {
  socklen_t cmsg_len;
  int cmsg_level;
  int cmsg_type;
};

#if defined(__APPLE__)
#define CMSG_ALIGN_TO 4u
#else
#define CMSG_ALIGN_TO 8u
#endif
#define CMSG_ALIGN(n) (((n) + CMSG_ALIGN_TO - 1) & ~(CMSG_ALIGN_TO - 1))
#define CMSG_LEN(n) (CMSG_ALIGN(unsigned{sizeof(cmsghdr)}) + static_cast<unsigned>(n))
#define CMSG_SPACE(n) (CMSG_LEN(0) + CMSG_ALIGN(static_cast<unsigned>(n)))
#define CMSG_DATA(at) (reinterpret_cast<unsigned char*>(at) + CMSG_LEN(0))
#define CMSG_FIRSTHDR(message) static_cast<cmsghdr*>((message)->msg_control)
cmsghdr* CMSG_NXTHDR(const msghdr* message, cmsghdr* at);

extern "C" {
int socket(int family, int type, int protocol);
int socketpair(int family, int type, int protocol, int* ends);
int bind(int socket, const sockaddr* address, socklen_t size);
int connect(int socket, const sockaddr* address, socklen_t size);
int listen(int socket, int backlog);
int accept(int socket, sockaddr* address, socklen_t* size);
int getpeername(int socket, sockaddr* address, socklen_t* size);
int getsockname(int socket, sockaddr* address, socklen_t* size);
int getsockopt(int socket, int level, int name, void* value, socklen_t* size);
int setsockopt(int socket, int level, int name, const void* value, socklen_t size);
int shutdown(int socket, int how);
ssize_t recv(int socket, void* data, std::size_t size, int flags);
ssize_t recvfrom(int socket, void* data, std::size_t size, int flags, sockaddr* from,
                 socklen_t* from_size);
ssize_t recvmsg(int socket, msghdr* message, int flags);
ssize_t send(int socket, const void* data, std::size_t size, int flags);
ssize_t sendto(int socket, const void* data, std::size_t size, int flags, const sockaddr* to,
               socklen_t to_size);
ssize_t sendmsg(int socket, const msghdr* message, int flags);
#if !defined(__APPLE__)
int accept4(int socket, sockaddr* address, socklen_t* size, int flags);
#endif
struct sf_hdtr;
#if defined(__APPLE__)
int sendfile(int file, int socket, off_t offset, off_t* size, sf_hdtr* headers, int flags);
#elif defined(__FreeBSD__)
int sendfile(int file, int socket, off_t offset, std::size_t size, sf_hdtr* headers, off_t* sent,
             int flags);
#endif
}
