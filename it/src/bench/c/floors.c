// What the system calls alone need, in a loop: prints the median of some batches, in seconds a call.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 5 };

static const double BATCH_SECONDS = 0.1;

static void check(int result, const char *what) {
  if (result < 0) {
    perror(what);
    exit(1);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// lock FILE EXCLUSIVE|SHARED
static void take_and_release(char **arguments) {
  struct statfs system;
  struct statx named, opened;
  int fd = open(arguments[0], O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  check(fd, arguments[0]);
  check(fstatfs(fd, &system), "fstatfs");
  check(flock(fd, (*arguments[1] == 'E' ? LOCK_EX : LOCK_SH) | LOCK_NB), "flock");
  check(statx(AT_FDCWD, arguments[0], 0, STATX_BASIC_STATS, &named), "statx");
  check(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &opened), "statx");
  check(named.stx_ino == opened.stx_ino ? 0 : -1, "another file by that name");
  check(flock(fd, LOCK_UN), "flock");
  check(close(fd), "close");
}

// clone TEMPLATE DIRECTORY
static void clone_template(char **arguments) {
  int from = open(arguments[0], O_RDONLY | O_CLOEXEC);
  check(from, arguments[0]);
  int to = open(arguments[1], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  check(to, arguments[1]);
  check(ioctl(to, FICLONE, from), "FICLONE");
  check(close(to), "close");
  check(close(from), "close");
}

static int by_size(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return (difference > 0) - (difference < 0);
}

int main(int count, char **words) {
  void (*call)(char **) = NULL;
  if (count == 4 && strcmp(words[1], "lock") == 0) {
    call = take_and_release;
  } else if (count == 4 && strcmp(words[1], "clone") == 0) {
    call = clone_template;
  } else {
    fputs("usage: floors lock FILE EXCLUSIVE|SHARED | floors clone TEMPLATE DIRECTORY\n", stderr);
    return 2;
  }
  double batches[BATCHES + 1]; // the first one warms up
  for (int batch = 0; batch <= BATCHES; batch++) {
    long calls = 0;
    double begin = now(), elapsed;
    do {
      call(words + 2);
      calls++;
      elapsed = now() - begin;
    } while (elapsed < BATCH_SECONDS);
    batches[batch] = elapsed / (double)calls;
  }
  qsort(batches + 1, BATCHES, sizeof *batches, by_size);
  printf("%.12f\n", batches[1 + BATCHES / 2]);
  return 0;
}
