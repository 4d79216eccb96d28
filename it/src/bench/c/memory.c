// Runs a program and prints the peak of its resident memory, in bytes: getrusage(2). Fails if the program does.
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words) {
  int status;
  struct rusage usage;
  pid_t child = count > 1 ? fork() : -1;
  if (child == 0) {
    execvp(words[1], words + 1);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fputs("memory: the program failed\n", stderr);
    return 1;
  }
  printf("%ld\n", usage.ru_maxrss * 1024L);
  return 0;
}
