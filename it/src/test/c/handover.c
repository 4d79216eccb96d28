// What HandOverMain does, with a blocking flock(2): what the kernel itself needs to hand a lock over.
// Prints "ready"; then, for every line "rounds nanoseconds file", a line "granted released" per round.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ROUNDS = 10000 };

static const long AWAY_NANOS = 100000;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void pass(long nanos) {
  struct timespec time = {nanos / 1000000000L, nanos % 1000000000L};
  nanosleep(&time, NULL);
}

int main(void) {
  static long granted[MOST_ROUNDS], released[MOST_ROUNDS];
  char file[4096];
  int rounds;
  long hold;
  puts("ready");
  fflush(stdout);
  while (scanf("%d %ld %4095[^\n]", &rounds, &hold, file) == 3 && rounds <= MOST_ROUNDS) {
    for (int i = 0; i < rounds; i++) {
      int lock = open(file, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
      if (lock < 0 || flock(lock, LOCK_EX) != 0) {
        fail(file);
      }
      granted[i] = now();
      pass(hold);
      released[i] = now();
      if (flock(lock, LOCK_UN) != 0 || close(lock) != 0) {
        fail("release");
      }
      pass(AWAY_NANOS);
    }
    for (int i = 0; i < rounds; i++) {
      printf("%ld %ld\n", granted[i], released[i]);
    }
    fflush(stdout);
  }
  return 0;
}
