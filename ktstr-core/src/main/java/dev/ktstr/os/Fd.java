package dev.ktstr.os;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open file descriptor, opened with {@code O_CLOEXEC}: a child that inherited it would keep our locks, and
 * {@code /proc/locks} would name the wrong process. Closing twice is harmless. No finaliser closes it. Not for use by
 * several threads at once.
 */
public final class Fd implements AutoCloseable {
    private static final int PERMISSIONS_OF_NEW_FILES = 0666;
    private static final int PERMISSIONS_OF_NEW_DIRECTORIES = 0777;

    private final int number;
    private final Path path;
    private final boolean isWritten;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Fd(int number, Path path, boolean isWritten) {
        this.number = number;
        this.path = path;
        this.isWritten = isWritten;
    }

    /** Opens a directory. Symbolic links are followed. */
    public static Fd openDirectory(Path directory) throws OsException, NativeAccessException {
        return open(directory, Constants.O_RDONLY | Constants.openFlags().directory());
    }

    /** Opens a file for reading. Symbolic links are followed. */
    public static Fd openForReading(Path file) throws OsException, NativeAccessException {
        return open(file, Constants.O_RDONLY);
    }

    /** Opens a file that is there, for reading and writing. Symbolic links are followed. */
    public static Fd openForWriting(Path file) throws OsException, NativeAccessException {
        return open(file, Constants.O_RDWR);
    }

    /** Opens a file that is there, for reading; empty if it is not. Refuses a symbolic link ({@code ELOOP}). */
    public static Optional<Fd> openIfPresent(Path file) throws OsException, NativeAccessException {
        LibC.require();
        return tryOpen(
                file,
                Constants.O_RDONLY
                        | Constants.O_NONBLOCK
                        | Constants.openFlags().noFollow(),
                Errno.ENOENT);
    }

    /**
     * Creates a file, for reading and writing, with mode 0666 less the umask; empty if something by that name is there.
     */
    public static Optional<Fd> create(Path file) throws OsException, NativeAccessException {
        LibC.require();
        return tryOpen(file, Constants.O_RDWR | Constants.O_CREAT | Constants.O_EXCL, Errno.EEXIST);
    }

    /**
     * Opens a regular file for reading; empty if there is none by that name, or something else is. What was opened is looked at, and
     * not what has the name: that may be a pipe the next moment, which would be waited for, or a link to a file that has no end.
     */
    public static Optional<Fd> openRegularIfPresent(Path file) throws OsException, NativeAccessException {
        Optional<Fd> open;
        try {
            open = openIfPresent(file);
        } catch (OsException failed) {
            if (failed.errno() == Errno.ELOOP || failed.errno() == Errno.ENOTDIR) {
                return Optional.empty();
            }
            throw failed;
        }
        if (open.isEmpty() || open.get().isRegular()) {
            return open;
        }
        open.get().close();
        return Optional.empty();
    }

    /** Closes it if that cannot be told. */
    private boolean isRegular() throws OsException {
        try {
            return stat().isRegularFile();
        } catch (OsException failed) {
            close();
            throw failed;
        }
    }

    /**
     * Creates a file that has no name, for reading and writing, and goes with its last descriptor unless {@link #link}
     * names it: {@code O_TMPFILE}, open(2).
     *
     * @return empty if this file system, or this kernel, has no such files
     */
    public static Optional<Fd> createNameless(Path directory) throws OsException, NativeAccessException {
        LibC.require();
        try {
            return tryOpen(directory, Constants.O_RDWR | Constants.openFlags().tmpfile(), Errno.EOPNOTSUPP);
        } catch (OsException failed) {
            // What a kernel or a file system says that does not know the flag: open(2), BUGS.
            if (failed.errno() == Errno.EISDIR || failed.errno() == Errno.EINVAL) {
                return Optional.empty();
            }
            throw failed;
        }
    }

    /** As {@link #create}; throws if something by that name is there. */
    public static Fd createNew(Path file) throws OsException, NativeAccessException {
        return create(file).orElseThrow(() -> LibC.failure("create", file));
    }

    /** Opens a directory that is there; empty if it is not. Refuses a symbolic link ({@code ENOTDIR}). */
    public static Optional<Fd> openDirectoryIfPresent(Path directory) throws OsException, NativeAccessException {
        LibC.require();
        return tryOpen(
                directory,
                Constants.O_RDONLY
                        | Constants.openFlags().directory()
                        | Constants.openFlags().noFollow(),
                Errno.ENOENT);
    }

    /** Takes over a descriptor that another call has opened. */
    static Fd of(int number, Path shown) {
        return new Fd(number, shown, false);
    }

    private static Fd open(Path path, int flags) throws OsException, NativeAccessException {
        LibC.require();
        return tryOpen(path, flags, Errno.OTHER).orElseThrow(() -> LibC.failure("open", path));
    }

    private static Optional<Fd> tryOpen(Path path, int flags, Errno expected) throws OsException {
        int fd;
        do {
            fd = LibC.open(NativePaths.terminated(path), flags | Constants.O_CLOEXEC, PERMISSIONS_OF_NEW_FILES);
        } while (fd < 0 && LibC.failedWith(Errno.EINTR));
        if (fd >= 0) {
            return Optional.of(new Fd(fd, path, (flags & Constants.O_RDWR) != 0));
        }
        if (LibC.failedWith(expected)) {
            return Optional.empty();
        }
        throw LibC.failure("open", path);
    }

    /**
     * Opens a regular file in this directory, for reading, whatever this directory is called by now. A symbolic link is
     * refused ({@code ELOOP}), and so is everything else that is no regular file ({@code EISDIR}, {@code EINVAL}).
     */
    public Fd openAt(String name) throws OsException {
        Fd file = tryOpenAt(
                        name,
                        Constants.O_RDONLY
                                | Constants.O_NONBLOCK
                                | Constants.openFlags().noFollow(),
                        Errno.OTHER)
                .orElseThrow(() -> LibC.failure("open " + name + " in", path));
        try {
            FileStat stat = file.stat();
            if (!stat.isRegularFile()) {
                Errno kind = stat.isDirectory() ? Errno.EISDIR : Errno.EINVAL;
                throw new OsException("open " + name + ", which is no regular file, in", kind.number(), path);
            }
            return file;
        } catch (OsException refused) {
            file.close();
            throw refused;
        }
    }

    /** Opens a directory in this directory; empty if there is none. Refuses a symbolic link ({@code ENOTDIR}). */
    public Optional<Fd> openDirectoryAt(String name) throws OsException {
        return tryOpenAt(
                name,
                Constants.O_RDONLY
                        | Constants.openFlags().directory()
                        | Constants.openFlags().noFollow(),
                Errno.ENOENT);
    }

    /** The same by the last name of a path, whatever encoding it is in. */
    public Optional<Fd> openDirectoryAt(Path child) throws OsException {
        return tryOpenAt(
                lastName(child),
                child,
                "open",
                Constants.O_RDONLY
                        | Constants.openFlags().directory()
                        | Constants.openFlags().noFollow(),
                Errno.ENOENT);
    }

    /** As {@link #create}, in this directory. */
    public Optional<Fd> createAt(String name) throws OsException {
        return tryOpenAt(name, Constants.O_RDWR | Constants.O_CREAT | Constants.O_EXCL, Errno.EEXIST);
    }

    private Optional<Fd> tryOpenAt(String name, int flags, Errno expected) throws OsException {
        return tryOpenAt(terminated(name), path, "open " + name + " in", flags, expected);
    }

    private Optional<Fd> tryOpenAt(byte[] name, Path shown, String call, int flags, Errno expected) throws OsException {
        int fd;
        do {
            fd = LibC.openat(number, name, flags | Constants.O_CLOEXEC, PERMISSIONS_OF_NEW_FILES);
        } while (fd < 0 && LibC.failedWith(Errno.EINTR));
        if (fd >= 0) {
            return Optional.of(new Fd(fd, shown, (flags & Constants.O_RDWR) != 0));
        }
        if (LibC.failedWith(expected)) {
            return Optional.empty();
        }
        throw LibC.failure(call, shown);
    }

    /**
     * Makes a directory in this directory, with mode 0777 less the umask.
     *
     * @return false if something by that name is there
     */
    public boolean makeDirectoryAt(String name) throws OsException {
        if (LibC.mkdirat(number, terminated(name), PERMISSIONS_OF_NEW_DIRECTORIES) == 0) {
            return true;
        }
        if (LibC.failedWith(Errno.EEXIST)) {
            return false;
        }
        throw LibC.failure("mkdir " + name + " in", path);
    }

    /** Renames what is in this directory; what is by the new name, if anything, is replaced. */
    public void renameAt(String from, String to) throws OsException {
        if (LibC.renameat2(number, terminated(from), number, terminated(to), 0) != 0) {
            throw LibC.failure("rename " + from + " to " + to + " in", path);
        }
    }

    /** Moves a file of the same file system into this directory; what is by the new name, if anything, is replaced. */
    public void takeAt(Path from, String name) throws OsException {
        if (LibC.renameat2(Constants.AT_FDCWD, NativePaths.terminated(from), number, terminated(name), 0) != 0) {
            throw LibC.failure("rename to " + name + " in " + path + " of", from);
        }
    }

    /**
     * Removes a file, or a link itself, from this directory.
     *
     * @return false if nothing is there by that name
     */
    public boolean removeAt(String name) throws OsException {
        return removeAt(terminated(name), 0, "remove " + name + " from", path);
    }

    /** The same by the last name of a path, whatever encoding it is in. */
    public boolean removeAt(Path child) throws OsException {
        return removeAt(lastName(child), 0, "remove", child);
    }

    /** The same of an empty directory. */
    public boolean removeDirectoryAt(Path child) throws OsException {
        return removeAt(lastName(child), Constants.AT_REMOVEDIR, "remove", child);
    }

    private boolean removeAt(byte[] name, int flags, String call, Path shown) throws OsException {
        if (LibC.unlinkat(number, name, flags) == 0) {
            return true;
        }
        if (LibC.failedWith(Errno.ENOENT)) {
            return false;
        }
        throw LibC.failure(call, shown);
    }

    /** What is by that name in this directory, a symbolic link as itself; empty if nothing is. */
    public Optional<FileStat> statAt(String name) throws OsException {
        return FileStat.at(number, terminated(name), Constants.AT_SYMLINK_NOFOLLOW, path);
    }

    public FileStat stat() throws OsException {
        return FileStat.ofDescriptor(number, path);
    }

    /**
     * All bytes from the current position on.
     *
     * @param limit more than this many bytes are refused with {@link Errno#EINVAL}
     */
    public byte[] readAll(int limit) throws OsException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        int count;
        while ((count = read(buffer)) > 0) {
            all.write(buffer, 0, count);
            if (all.size() > limit) {
                throw new OsException("read more than " + limit + " bytes of", Errno.EINVAL.number(), path);
            }
        }
        return all.toByteArray();
    }

    /** Reads what fits, or less, from the current position on; 0 at the end. Waits for a pipe that is empty. */
    public int read(byte[] buffer) throws OsException {
        int count;
        do {
            count = (int) LibC.read(number, buffer, buffer.length);
        } while (count < 0 && LibC.failedWith(Errno.EINTR));
        if (count < 0) {
            throw LibC.failure("read", path);
        }
        return count;
    }

    /** Writes all bytes, from the current position on. */
    public void write(byte[] bytes) throws OsException {
        write(bytes, bytes.length);
    }

    /** Writes the first {@code length} bytes. */
    void write(byte[] buffer, int length) throws OsException {
        int written = 0;
        while (written < length) {
            byte[] rest = written == 0 ? buffer : Arrays.copyOfRange(buffer, written, length);
            int count = (int) LibC.write(number, rest, length - written);
            if (count < 0 && !LibC.failedWith(Errno.EINTR)) {
                throw LibC.failure("write", path);
            }
            written += Math.max(count, 0);
        }
    }

    /** Reads what fits, or less, from an offset; 0 at the end of the file. */
    public int read(byte[] buffer, long offset) throws OsException {
        int count;
        do {
            count = (int) LibC.pread(number, buffer, buffer.length, offset);
        } while (count < 0 && LibC.failedWith(Errno.EINTR));
        if (count < 0) {
            throw LibC.failure("read", path);
        }
        return count;
    }

    /** Writes the first {@code length} bytes at an offset. */
    void write(byte[] buffer, int length, long offset) throws OsException {
        int written = 0;
        while (written < length) {
            byte[] rest = written == 0 ? buffer : Arrays.copyOfRange(buffer, written, length);
            int count = (int) LibC.pwrite(number, rest, length - written, offset + written);
            if (count < 0 && !LibC.failedWith(Errno.EINTR)) {
                throw LibC.failure("write", path);
            }
            written += Math.max(count, 0);
        }
    }

    /**
     * Tries to take {@code flock(2)} on this open file description, or to change the mode of the one it has.
     *
     * @return false if somebody else holds it
     */
    public boolean tryFlock(boolean exclusive) throws OsException {
        int operation = (exclusive ? Constants.LOCK_EX : Constants.LOCK_SH) | Constants.LOCK_NB;
        while (LibC.flock(number, operation) != 0) {
            if (LibC.failedWith(Errno.EAGAIN)) {
                return false;
            }
            if (!LibC.failedWith(Errno.EINTR)) {
                throw LibC.failure("flock", path);
            }
        }
        return true;
    }

    /** Gives the lock back. Closing does that too, but only after waiters have been woken by the close. */
    public void unlock() throws OsException {
        if (LibC.flock(number, Constants.LOCK_UN) != 0) {
            throw LibC.failure("flock LOCK_UN", path);
        }
    }

    /** Makes the file this long, in bytes; what is new is a hole. */
    public void setLength(long bytes) throws OsException {
        if (LibC.ftruncate(number, bytes) != 0) {
            throw LibC.failure("ftruncate to " + bytes + " bytes", path);
        }
    }

    /**
     * Gives the file a name, also if it was created without one: {@code linkat(2)}.
     *
     * @param name on the same file system, where nothing is yet
     */
    public void link(Path name) throws OsException {
        byte[] self = terminated("/proc/self/fd/" + number);
        if (LibC.linkat(
                        Constants.AT_FDCWD,
                        self,
                        Constants.AT_FDCWD,
                        NativePaths.terminated(name),
                        Constants.AT_SYMLINK_FOLLOW)
                != 0) {
            throw LibC.failure("linkat", name);
        }
    }

    /** Forces data and metadata of this file, or the names in this directory, to disk: {@code fsync(2)}. */
    public void fsync() throws OsException {
        if (LibC.fsync(number) != 0) {
            throw LibC.failure("fsync", path);
        }
    }

    /**
     * Has the kernel begin to write what is not on the disk yet, so that a later {@link #fsync} has less to wait for; waits itself
     * only while the queue of the disk is full. Promises nothing: {@code sync_file_range(2)} is no way to make anything last, and
     * where it is not there nothing happens.
     */
    public void beginWriteback() {
        LibC.sync_file_range(number, 0, 0, Constants.SYNC_FILE_RANGE_WRITE);
    }

    /**
     * Sets the permission bits, whatever the umask is.
     */
    public void chmod(int mode) throws OsException {
        if (LibC.fchmod(number, mode) != 0) {
            throw LibC.failure("fchmod", path);
        }
    }

    /** The {@code f_type} of {@code statfs(2)}: 32 bits, unsigned. */
    public long filesystemType() throws OsException {
        byte[] buffer = new byte[Constants.STATFS_SIZE];
        if (LibC.fstatfs(number, buffer) != 0) {
            throw LibC.failure("fstatfs", path);
        }
        return Filesystems.type(buffer);
    }

    /** The number that {@code /proc/<pid>/fd} names it by. */
    public int number() {
        return number;
    }

    /**
     * A path by which any process of this user that sees the same {@code /proc} can open the same file, for as long as this is
     * open: {@code /proc/<pid>/fd/<n>}, proc(5). Empty if there is no {@code /proc}, or if it shows something else there.
     */
    public Optional<Path> procPath() {
        try {
            // In a pid namespace with somebody else's /proc we are not where getpid says, but this link is right.
            Path self = Path.of("/proc").resolve(Files.readSymbolicLink(Path.of("/proc/self")));
            Path shown = self.resolve("fd").resolve(Integer.toString(number));
            return FileStat.of(shown).filter(seen -> isSame(seen)).map(seen -> shown);
        } catch (IOException noProc) {
            return Optional.empty();
        }
    }

    private boolean isSame(FileStat seen) {
        try {
            return seen.isSameFile(stat());
        } catch (OsException unreadable) {
            return false;
        }
    }

    Path path() {
        return path;
    }

    /** @throws OsException if what was written may not be there; of what was only read nothing is lost, whatever close(2) says */
    @Override
    public void close() throws OsException {
        // close(2): never retried, also not after EINTR. The descriptor is gone either way, and may already be
        // another's.
        if (closed.compareAndSet(false, true) && LibC.close(number) != 0 && isWritten) {
            throw LibC.failure("close", path);
        }
    }

    private static byte[] lastName(Path path) {
        byte[] bytes = NativePaths.terminated(path);
        int start = bytes.length;
        while (start > 0 && bytes[start - 1] != '/') {
            start--;
        }
        return Arrays.copyOfRange(bytes, start, bytes.length);
    }

    private static byte[] terminated(String name) {
        return (name + "\0").getBytes(StandardCharsets.UTF_8);
    }
}
