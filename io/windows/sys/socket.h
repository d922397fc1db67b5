#pragma once

/// What weft uses of POSIX's headers for sockets, under POSIX's names and in terms of Winsock. The
/// headers beside this one lead here. Only on the include path where the system has none of them.
///
/// A handle is an int here as everywhere: Windows promises that its handles have no more than 32
/// significant bits, and that they keep their meaning when they are cut off and sign-extended.

#include <cerrno>
#include <cstddef>

// clang-format off: each of these needs those before it
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
#include <netioapi.h>
#include <afunix.h>
// clang-format on

// Words that the system's headers define as macros, and that others use as names.
#undef CMSG_DATA
#undef far
#undef interface
#undef near
#undef small

#ifndef EHOSTDOWN
#define EHOSTDOWN 10064
#endif
#ifndef ENONET
#define ENONET 10050
#endif

inline constexpr int MSG_DONTWAIT = 0;  // sockets are non-blocking
inline constexpr int MSG_NOSIGNAL = 0;  // there is no such signal
inline constexpr int SHUT_RD = SD_RECEIVE;
inline constexpr int SHUT_WR = SD_SEND;
inline constexpr int SHUT_RDWR = SD_BOTH;

using sa_family_t = ADDRESS_FAMILY;

/// Winsock serves nobody before it was started. That is not for an initializer to do: in a DLL
/// those run while the system loads it, and may not have others loaded.
inline void start_winsock() noexcept {
  static const int started = [] {
    WSADATA what;
    return ::WSAStartup(MAKEWORD(2, 2), &what);
  }();
  (void)started;
}

struct iovec {
  void* iov_base;
  std::size_t iov_len;
};

struct msghdr {
  void* msg_name;
  unsigned msg_namelen;
  iovec* msg_iov;
  std::size_t msg_iovlen;
  void* msg_control;
  std::size_t msg_controllen;
  int msg_flags;
};

struct mmsghdr {
  msghdr msg_hdr;
  unsigned msg_len;
};

using cmsghdr = WSACMSGHDR;
inline constexpr int SCM_RIGHTS = 1;        // of sockets that there are none of
inline constexpr int MSG_CMSG_CLOEXEC = 0;  // the same

constexpr std::size_t CMSG_ALIGN(std::size_t size) noexcept {
  return (size + alignof(cmsghdr) - 1) & ~(alignof(cmsghdr) - 1);
}
constexpr std::size_t CMSG_LEN(std::size_t size) noexcept {
  return CMSG_ALIGN(sizeof(cmsghdr)) + size;
}
constexpr std::size_t CMSG_SPACE(std::size_t size) noexcept {
  return CMSG_ALIGN(sizeof(cmsghdr)) + CMSG_ALIGN(size);
}

inline cmsghdr* CMSG_FIRSTHDR(const msghdr* message) noexcept {
  return message->msg_controllen >= sizeof(cmsghdr) ? static_cast<cmsghdr*>(message->msg_control)
                                                    : nullptr;
}
inline cmsghdr* CMSG_NXTHDR(const msghdr* message, cmsghdr* at) noexcept {
  auto* const start = static_cast<unsigned char*>(message->msg_control);
  auto* const next = reinterpret_cast<unsigned char*>(at) + CMSG_ALIGN(at->cmsg_len);
  return next + sizeof(cmsghdr) > start + message->msg_controllen
             ? nullptr
             : reinterpret_cast<cmsghdr*>(next);
}
inline unsigned char* CMSG_DATA(cmsghdr* at) noexcept {
  return reinterpret_cast<unsigned char*>(at) + CMSG_LEN(0);
}
