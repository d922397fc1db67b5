#include <winsock2.h>

/// Tests make calls of Winsock's before weft has started it.
namespace {

const struct winsock {
  winsock() {
    WSADATA unused;
    WSAStartup(MAKEWORD(2, 2), &unused);
  }
} started;

}  // namespace
