package dev.ktstr.cache;

import dev.ktstr.os.Errno;
import java.nio.file.Path;
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
        public ErrorKind errorKind() {
            return ErrorKind.of(reason);
        }

        /** Whether only this user, or only this moment, cannot read it. */
        boolean mayBeWhole() {
            return reason.startsWith(ErrorKind.UNREADABLE.prefix() + Errno.EACCES)
                    || reason.startsWith(ErrorKind.UNREADABLE.prefix() + Errno.EIO);
        }

        @Override
        public <T> T fold(
                Function<? super KernelEntry, ? extends T> valid, Function<? super Corrupt, ? extends T> corrupt) {
            return corrupt.apply(this);
        }
    }
}
