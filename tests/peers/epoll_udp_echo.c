// The yardstick for UDP: an echo server by hand, one thread, one socket, epoll. A datagram costs
// one recvfrom and one sendto; it receives until there is no more, then waits.

#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

_Noreturn static void die(const char* what) {
  fprintf(stderr, "epoll_udp_echo: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int bound_socket(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr*)&address, size) != 0 ||
      getsockname(fd, (struct sockaddr*)&address, &size) != 0) {
    die("bind");
  }
  int room = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  printf("listening on 127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void watch(int poller, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) {
    die("epoll_ctl");
  }
}

static void echo_all(int fd) {
  static unsigned char buffer[65536];
  for (;;) {
    struct sockaddr_in from;
    socklen_t from_size = sizeof from;
    ssize_t n = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr*)&from, &from_size);
    if (n < 0) {
      return;
    }
    sendto(fd, buffer, (size_t)n, 0, (struct sockaddr*)&from, from_size);
  }
}

int main(void) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  const int signals = signalfd(-1, &ends, SFD_CLOEXEC);
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  if (signals < 0 || poller < 0) {
    die("start");
  }
  const int fd = bound_socket();
  watch(poller, signals);
  watch(poller, fd);
  for (;;) {
    struct epoll_event events[2];
    const int ready = epoll_wait(poller, events, 2, -1);
    for (int i = 0; i < ready; ++i) {
      if (events[i].data.fd == signals) {
        return 0;
      }
      echo_all(fd);
    }
  }
}
