package dev.ktstr.elf;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * Makes a small {@code vmlinux} that still answers what debuggers and monitors ask. Stateless; safe for use by several
 * threads. The source is never changed and never wholly in memory: the peak is about 1 MiB, whatever its size.
 */
public final class VmlinuxStripper {
    private VmlinuxStripper() {}

    /** Like {@link #strip(Path, Path, Consumer)}, for callers that need no reason for a fallback. */
    public static StripReport strip(Path source, Path target) throws IOException {
        return strip(source, target, new Silence());
    }

    /**
     * Creates {@code target} as a sparse file. First by the keep list; if the source does not allow that, or if it
     * would leave no symbol with a name, by removing debug sections and keeping the rest. The target is not synced to
     * the disk. Whatever is thrown, the target is gone again.
     *
     * @param source an ELF64 little-endian file; must not change meanwhile
     * @param target a path that does not exist
     * @param onFallback told, at most once, why the keep list could not be used; called before the second attempt
     * @return what was kept, and by which of the two ways
     * @throws MalformedElfException when the source is not ELF64 little-endian or its headers cannot be read (the
     *     target is then never created), or when both ways failed: the message then says why each did, the cause is
     *     the first failure, and the second is suppressed
     * @throws java.nio.file.FileAlreadyExistsException when the target exists; it is left alone
     * @throws IOException when the source cannot be read or the target cannot be written
     */
    public static StripReport strip(Path source, Path target, Consumer<MalformedElfException> onFallback)
            throws IOException {
        try (RawElf elf = RawElf.open(source)) {
            FileChannel channel = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try (channel) {
                return strip(elf, new SparseFile(channel), onFallback);
            } catch (Throwable e) {
                deleteAfter(e, target);
                throw e;
            }
        }
    }

    /**
     * The same into a new file that the caller has opened for writing, and removes if anything is thrown: in a directory where
     * others may write they would have to be sure that it is this one.
     *
     * @param target empty
     */
    public static StripReport strip(Path source, FileChannel target, Consumer<MalformedElfException> onFallback)
            throws IOException {
        try (RawElf elf = RawElf.open(source)) {
            return strip(elf, new SparseFile(target), onFallback);
        }
    }

    private static StripReport strip(RawElf elf, SparseFile out, Consumer<MalformedElfException> onFallback)
            throws IOException {
        try {
            return KeepListStrip.strip(elf, out);
        } catch (MalformedElfException first) {
            onFallback.accept(first);
            out.restart();
            try {
                return DebugPrefixStrip.strip(elf, out);
            } catch (MalformedElfException second) {
                throw bothFailed(elf, first, second);
            }
        }
    }

    private static MalformedElfException bothFailed(
            RawElf elf, MalformedElfException first, MalformedElfException second) {
        String detail = "cannot strip: by the keep list, because " + first.problem()
                + "; by removing debug sections, because " + second.problem();
        MalformedElfException both =
                new MalformedElfException(first.reason(), detail, elf.input().path(), first);
        both.addSuppressed(second);
        return both;
    }

    /** Not a lambda: the first one in a JVM costs as much as the strip. */
    private static final class Silence implements Consumer<MalformedElfException> {
        @Override
        public void accept(MalformedElfException refusal) {}
    }

    private static void deleteAfter(Throwable failure, Path target) {
        try {
            Files.deleteIfExists(target);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
