// Holds many locks at once, as many leases do: holders DIRECTORY COUNT takes flock(2), exclusive, on DIRECTORY/0.lock and so on,
// prints a line, and keeps them until its standard input ends.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

enum { OTHER_DESCRIPTORS = 16 };

static void check(int result, const char *what) {
  if (result < 0) {
    perror(what);
    exit(1);
  }
}

int main(int count, char **words) {
  if (count != 3) {
    fputs("usage: holders DIRECTORY COUNT\n", stderr);
    return 2;
  }
  int locks = atoi(words[2]);
  struct rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = (rlim_t)locks + OTHER_DESCRIPTORS;
  if (limit.rlim_max < limit.rlim_cur) {
    limit.rlim_max = limit.rlim_cur;
  }
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  check(chdir(words[1]), words[1]);
  for (int i = 0; i < locks; i++) {
    char name[32];
    snprintf(name, sizeof name, "%d.lock", i);
    int fd = open(name, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
    check(fd, name);
    check(flock(fd, LOCK_EX | LOCK_NB), name);
  }
  puts("held");
  check(fflush(stdout), "stdout");
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
