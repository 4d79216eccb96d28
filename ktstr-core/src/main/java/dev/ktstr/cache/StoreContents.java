package dev.ktstr.cache;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * Files that are not there yet when a kernel is to be stored: they come out of packages, say, and only if the kernel is
 * not in the store already.
 */
public interface StoreContents {
    /**
     * The boot image from its first byte on, for the entry's key to be derived from it. Asked for at most once, without a
     * lock, and only when neither a key nor an image file was given; nothing is to be written.
     */
    InputStream openImage() throws IOException;

    /**
     * Makes the files. Called at most once, while the entry's lock is held, when it is certain that they are needed. What
     * the request itself names stands, whatever is returned for it here.
     *
     * @param scratch an empty directory on the store's file system, which goes when the store ends
     * @param modules which modules will be stored; with {@link Modules#NONE} none need be made
     */
    KernelFiles provide(Path scratch, Modules modules) throws IOException;
}
