/*
 * Exchanges what two paths name, again and again, until its input ends; then prints how often it did. What is not there
 * just now is tried again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: swap PATH PATH\n");
    return 2;
  }
  long swapped = 0;
  struct pollfd input = {.fd = 0, .events = POLLIN};
  printf("ready\n");
  fflush(stdout);
  while (poll(&input, 1, 0) == 0) {
    for (int i = 0; i < 64; i++) {
      if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0) {
        swapped++;
      } else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != EBUSY && errno != ENOTEMPTY) {
        fprintf(stderr, "swap %s and %s: %s\n", argv[1], argv[2], strerror(errno));
        return 1;
      }
    }
  }
  printf("%ld\n", swapped);
  return 0;
}
