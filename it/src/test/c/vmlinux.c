/* What a test kernel's vmlinux has: a release, and room for the mark of a generation (see peer.c). */

#ifndef REPEATS
#define REPEATS 1024
#endif

const char linux_banner[] = "Linux version 6.14.2 (test@test) #1 SMP";
const char mark[10 + REPEATS * 16] = "peer-mark:";

void _start(void) {
}
