// What io_uring's zero-copy send costs against plain send, by hand: CPU seconds of the sender for
// each GB, over a TCP connection on the loopback device to a process that reads and forgets.
//
//   send_zero_copy [address port]     to a sink elsewhere, such as `nc -lk 9 >/dev/null`
//
// A zero-copy send has two completions, and the buffer is the kernel's until the second. The
// figures of docs/decisions/009-zero-copy-send.md.

#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const size_t amount = (size_t)1 << 30;

_Noreturn static void die(const char* what, int error) {
  fprintf(stderr, "send_zero_copy: %s: %s\n", what, strerror(error));
  exit(1);
}

static double cpu(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t send_plain(int fd, const char* data, size_t size) {
  ssize_t n = send(fd, data, size, 0);
  if (n < 0) {
    die("send", errno);
  }
  return (size_t)n;
}

static size_t send_ring(struct io_uring* ring, int fd, const char* data, size_t size, int zero) {
  struct io_uring_sqe* entry = io_uring_get_sqe(ring);
  if (zero) {
    io_uring_prep_send_zc(entry, fd, data, size, 0, 0);
  } else {
    io_uring_prep_send(entry, fd, data, size, 0);
  }
  io_uring_submit_and_wait(ring, zero ? 2 : 1);
  size_t sent = 0;
  for (int more = 1; more;) {
    struct io_uring_cqe* completion;
    int error = io_uring_wait_cqe(ring, &completion);
    if (error < 0) {
      die("wait", -error);
    }
    more = (completion->flags & IORING_CQE_F_MORE) != 0;
    if (!(completion->flags & IORING_CQE_F_NOTIF)) {
      if (completion->res < 0) {
        die("ring send", -completion->res);
      }
      sent = (size_t)completion->res;
    }
    io_uring_cqe_seen(ring, completion);
  }
  return sent;
}

static void sink(int listener) {
  static char buffer[1 << 18];
  int fd = accept(listener, NULL, NULL);
  while (recv(fd, buffer, sizeof buffer, 0) > 0) {
  }
  _exit(0);
}

int main(int count, char** words) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  pid_t child = 0;
  if (count == 3) {
    inet_pton(AF_INET, words[1], &to.sin_addr);
    to.sin_port = htons((uint16_t)atoi(words[2]));
  } else {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof to;
    if (bind(listener, (struct sockaddr*)&to, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr*)&to, &size) != 0) {
      die("listen", errno);
    }
    child = fork();
    if (child == 0) {
      sink(listener);
    }
    close(listener);
  }
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr*)&to, sizeof to) != 0) {
    die("connect", errno);
  }
  struct io_uring ring;
  int error = io_uring_queue_init(8, &ring, 0);
  if (error < 0) {
    die("io_uring", -error);
  }
  char* data = aligned_alloc(4096, 1 << 20);
  memset(data, 'x', 1 << 20);
  printf("%10s %10s %10s %10s   CPU s/GB, three rounds\n", "bytes", "send", "ring", "zero-copy");
  for (size_t size = 4096; size <= 1 << 20; size *= 4) {
    for (int round = 0; round < 3; ++round) {
      double spent[3];
      for (int how = 0; how < 3; ++how) {
        double before = cpu();
        for (size_t sent = 0; sent < amount / 4;) {
          sent +=
              how == 0 ? send_plain(fd, data, size) : send_ring(&ring, fd, data, size, how == 2);
        }
        spent[how] = (cpu() - before) * 4;
      }
      printf("%10zu %10.2f %10.2f %10.2f\n", size, spent[0], spent[1], spent[2]);
      fflush(stdout);
    }
  }
  close(fd);
  if (child > 0) {
    waitpid(child, NULL, 0);
  }
  return 0;
}
