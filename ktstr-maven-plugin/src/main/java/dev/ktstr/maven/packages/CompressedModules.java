package dev.ktstr.maven.packages;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelFiles;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.StoreContents;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * The modules of an installed kernel, {@code /lib/modules/<release>}, of which some are compressed: a virtual machine's
 * busybox may not know how. Links in it, {@code build} and {@code source} above all, are not followed.
 */
public final class CompressedModules implements StoreContents {
    private final Path directory;
    private final Meter meter;

    public CompressedModules(Path directory, Meter meter) {
        this.directory = directory;
        this.meter = meter;
    }

    /** Whether there is a compressed module below a directory. */
    public static boolean areIn(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return false; // whoever uses it will say so
        }
        boolean[] found = {false};
        Files.walkFileTree(directory.toRealPath(), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                found[0] = attributes.isRegularFile()
                        && Compression.ofModule(file.toString())
                                .filter(how -> how != Compression.NONE)
                                .isPresent();
                return found[0] ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
            }
        });
        return found[0];
    }

    @Override
    public InputStream openImage() {
        throw new IllegalStateException("a directory of modules has no boot image");
    }

    @Override
    public KernelFiles provide(Path scratch, Modules modules) throws IOException {
        if (modules == Modules.NONE) {
            return new KernelFiles(null, null, null, null);
        }
        Path top = directory.toRealPath();
        Path target = Files.createDirectory(scratch.resolve(KernelMember.MODULES));
        byte[] buffer = new byte[1 << 16];
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            private long written;

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String path = top.relativize(file).toString();
                Optional<KernelMember> part = KernelMember.of("lib/modules/-/" + path)
                        .filter(each -> each.kind().isOfModules() && attributes.isRegularFile());
                if (part.isPresent()) {
                    written += unpack(file, scratch.resolve(part.get().target()), buffer);
                    meter.at("modules", written, 0);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return new KernelFiles(null, null, null, target);
    }

    private static long unpack(Path file, Path target, byte[] buffer) throws IOException {
        Origin origin = new Origin(file);
        Compression how = Compression.ofModule(file.toString()).orElse(Compression.NONE);
        Files.createDirectories(target.getParent());
        long written = 0;
        try (InputStream compressed = Files.newInputStream(file);
                InputStream in = DecodedInputStream.open(
                        origin, "it", new Allowance(origin, Files.size(file)), () -> how.open(compressed));
                OutputStream out =
                        Files.newOutputStream(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                out.write(buffer, 0, count);
                written += count;
            }
        } catch (FileAlreadyExistsException twice) {
            throw new PackageException(
                    ErrorCode.PACKAGE_MISMATCH,
                    "unpacking modules: " + origin.name() + " is there twice, compressed in two ways or not at all",
                    file,
                    "remove the one that the kernel's package did not bring",
                    twice);
        }
        return written;
    }
}
