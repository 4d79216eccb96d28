package dev.ktstr.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What is in directories, by getdents64(2). Not as the JDK does it: that waits for a pipe in a directory's place, says no more
 * than a text of most failures, and of some throws what it does not declare.
 */
public final class Directories {
    private static final byte[] SELF = {'.'};
    private static final byte[] PARENT = {'.', '.'};

    private Directories() {}

    /** What is directly in a directory, in no order; nothing if it is not there. */
    public static List<Path> children(Path directory) throws OsException, NativeAccessException {
        try (Fd open = Fd.openDirectory(directory)) {
            return names(open).stream().map(directory::resolve).toList();
        } catch (OsException failed) {
            if (failed.errno() == Errno.ENOENT) {
                return List.of();
            }
            throw failed;
        }
    }

    /** The names of what is in an open directory, in no order; once for each time that it is opened. None if it has been removed since. */
    public static List<Path> names(Fd directory) throws OsException {
        List<Path> names = new ArrayList<>();
        byte[] buffer = new byte[32 * 1024];
        int count;
        while ((count = (int) LibC.syscall(Constants.getdents64(), directory.number(), buffer, buffer.length)) != 0) {
            if (count > 0) {
                addNames(buffer, count, names);
            } else if (LibC.failedWith(Errno.ENOENT)) {
                return names;
            } else if (!LibC.failedWith(Errno.EINTR)) {
                throw LibC.failure("list", directory.path());
            }
        }
        return names;
    }

    private static void addNames(byte[] entries, int length, List<Path> names) {
        ByteBuffer fields = ByteBuffer.wrap(entries).order(ByteOrder.nativeOrder());
        int start = 0;
        while (start < length) {
            int end = start + Constants.DIRENT_NAME;
            while (entries[end] != 0) {
                end++;
            }
            byte[] name = Arrays.copyOfRange(entries, start + Constants.DIRENT_NAME, end);
            if (!Arrays.equals(name, SELF) && !Arrays.equals(name, PARENT)) {
                names.add(NativePaths.name(name));
            }
            start += Short.toUnsignedInt(fields.getShort(start + Constants.DIRENT_LENGTH));
        }
    }
}
