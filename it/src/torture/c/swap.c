/*
 * Exchanges what two paths name, again and again, until its input ends; then prints how often it did. What is not there
 * just now is tried again. With three arguments, the first is a directory, and whatever there has a name that begins with
 * the second is exchanged with the third, in turns that come fast or slowly: so it is caught at any moment of its life.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_passing(void) {
  return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EBUSY || errno == ENOTEMPTY;
}

static long exchange(int directory, const char *one, const char *other) {
  if (renameat2(directory, one, AT_FDCWD, other, RENAME_EXCHANGE) == 0) {
    return 1;
  }
  if (!is_passing()) {
    fprintf(stderr, "swap %s and %s: %s\n", one, other, strerror(errno));
    exit(1);
  }
  return 0;
}

static long exchange_all(const char *directory, const char *prefix, const char *other) {
  long swapped = 0;
  DIR *all = opendir(directory);
  if (all == NULL) {
    fprintf(stderr, "swap: list %s: %s\n", directory, strerror(errno));
    exit(1);
  }
  for (struct dirent *each; (each = readdir(all)) != NULL;) {
    if (strncmp(each->d_name, prefix, strlen(prefix)) == 0) {
      for (long turns = random() % 64; turns >= 0 && exchange(dirfd(all), each->d_name, other); turns--) {
        swapped++;
        if (random() % 4 == 0) {
          usleep(random() % 4096);
        }
      }
    }
  }
  closedir(all);
  return swapped;
}

int main(int argc, char **argv) {
  if (argc != 3 && argc != 4) {
    fprintf(stderr, "usage: swap PATH PATH | swap DIRECTORY PREFIX PATH\n");
    return 2;
  }
  long swapped = 0;
  struct pollfd input = {.fd = 0, .events = POLLIN};
  srandom(getpid());
  printf("ready\n");
  fflush(stdout);
  while (poll(&input, 1, 0) == 0) {
    if (argc == 4) {
      swapped += exchange_all(argv[1], argv[2], argv[3]);
    } else {
      for (int i = 0; i < 64; i++) {
        swapped += exchange(AT_FDCWD, argv[1], argv[2]);
      }
    }
  }
  printf("%ld\n", swapped);
  return 0;
}
