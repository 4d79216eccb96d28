package dev.ktstr.cache;

import dev.ktstr.os.Errno;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.function.Function;

/** One directory of the store: a kernel, or something that should be one. */
public sealed interface ListedEntry {
    String key();

    Path directory();

    /** What either function makes of it. */
    <T> T fold(Function<? super KernelEntry, ? extends T> valid, Function<? super Corrupt, ? extends T> corrupt);

    /** A kernel whose metadata is readable and whose boot image is there. */
    record Valid(KernelEntry entry) implements ListedEntry {
        @Override
        public String key() {
            return entry.key();
        }

        @Override
        public Path directory() {
            return entry.directory();
        }

        @Override
        public <T> T fold(
                Function<? super KernelEntry, ? extends T> valid, Function<? super Corrupt, ? extends T> corrupt) {
            return valid.apply(entry);
        }
    }

    /**
     * A directory that is no usable entry.
     *
     * @param reason one line for people; its beginning is fixed, see {@link ErrorKind#of}
     */
    record Corrupt(String key, Path directory, String reason) implements ListedEntry {
        /** All but those that are said of something else in a file's place: a link, a directory, a socket. */
        private static final EnumSet<Errno> OF_A_FILE =
                EnumSet.complementOf(EnumSet.of(Errno.ELOOP, Errno.EISDIR, Errno.ENOTDIR, Errno.EINVAL, Errno.ENXIO));

        public ErrorKind errorKind() {
            return ErrorKind.of(reason);
        }

        /** Whether only this user, or only this moment, cannot read it. */
        boolean mayBeWhole() {
            return OF_A_FILE.stream().anyMatch(errno -> reason.startsWith(ErrorKind.UNREADABLE.prefix() + errno + " "));
        }

        @Override
        public <T> T fold(
                Function<? super KernelEntry, ? extends T> valid, Function<? super Corrupt, ? extends T> corrupt) {
            return corrupt.apply(this);
        }
    }
}
