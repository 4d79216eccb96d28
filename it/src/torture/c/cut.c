/*
 * Cuts the power of a file system, as its disk would see it.
 * Opens what it needs, says "ready", and does it as soon as there is a byte on standard input.
 *
 *   cut shutdown MOUNT      ext4 or xfs: nothing that is in memory reaches the disk any more, the log neither
 *   cut clone IMAGE COPY    the image that a mounted file system lies on, as it is at one moment (reflink)
 */
#include <err.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN are one number, and so are their flags. */
#define SHUTDOWN _IOR('X', 125, uint32_t)
#define NO_LOG_FLUSH 2

static int opened(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) {
        err(1, "%s", path);
    }
    return fd;
}

static void wait_for_word(void) {
    puts("ready");
    fflush(stdout);
    if (getchar() == EOF) {
        errx(1, "nobody wants it");
    }
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "shutdown") == 0) {
        uint32_t how = NO_LOG_FLUSH;
        int mount = opened(argv[2], O_RDONLY | O_DIRECTORY);
        wait_for_word();
        if (ioctl(mount, SHUTDOWN, &how) != 0) {
            err(1, "shutting down %s", argv[2]);
        }
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "clone") == 0) {
        int image = opened(argv[2], O_RDONLY);
        int copy = opened(argv[3], O_WRONLY | O_CREAT | O_EXCL);
        wait_for_word();
        if (ioctl(copy, FICLONE, image) != 0) {
            err(1, "cloning %s", argv[2]);
        }
        return 0;
    }
    errx(2, "usage: cut shutdown MOUNT | cut clone IMAGE COPY");
}
