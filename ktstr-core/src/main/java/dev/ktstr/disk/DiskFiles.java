package dev.ktstr.disk;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.os.Closer;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileFailures;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Makes the files that test disks are in: without a name wherever that is possible. */
final class DiskFiles {
    private static final String DIRECTORY_VARIABLE = "KTSTR_DISK_DIR";

    private final Path templates;
    private final Environment environment;

    DiskFiles(Path templates, Environment environment) {
        this.templates = templates;
        this.environment = environment;
    }

    /** Puts something into a new, empty file. */
    interface Filler {
        CloneKind fill(Fd file) throws IOException;
    }

    /**
     * Where disks are made: {@code KTSTR_DISK_DIR}, else the root of the templates.
     *
     * @throws DiskException if it is not there and cannot be created
     */
    Path directory() throws IOException {
        Path directory = chosen();
        return directory.equals(templates) ? directory : created(directory);
    }

    /** The same, whether it is there or not. */
    Path chosen() throws IOException {
        return environment
                .variable(DIRECTORY_VARIABLE)
                .map(text -> Path.of(text).toAbsolutePath())
                .orElse(templates);
    }

    private Path created(Path directory) throws IOException {
        try {
            return Files.isDirectory(directory) ? directory : Files.createDirectories(directory);
        } catch (FileSystemException failed) {
            throw unwritable(directory, FileFailures.describe(failed), failed);
        }
    }

    /**
     * Gives a new file the size of a disk.
     *
     * @throws DiskException if the file system of {@code directory} has no files of that size
     */
    static void resize(Fd file, DiskSpec spec, Path directory) throws IOException {
        try {
            file.setLength(spec.size());
        } catch (OsException failed) {
            if (failed.errno() != Errno.EFBIG) {
                throw failed;
            }
            throw new DiskException(
                    ErrorCode.DISK_SPEC,
                    "making a disk (" + spec
                            + "): its size is not usable: the file system there has no files of that size",
                    directory,
                    "take a smaller one, or put templates and disks on another file system (KTSTR_CACHE_DIR,"
                            + " KTSTR_DISK_DIR)",
                    failed);
        }
    }

    TestDisk make(DiskSpec spec, Path directory, Filler filler) throws IOException {
        try (Closer closer = new Closer()) {
            Fd file = createNameless(created(directory));
            closer.add(file::close);
            Optional<Path> path = file.procPath();
            if (path.isPresent()) {
                TestDisk disk = new TestDisk(file, path.get(), filler.fill(file), spec, Optional.empty());
                closer.keep();
                return disk;
            }
        }
        return makeNamed(spec, directory, filler);
    }

    private TestDisk makeNamed(DiskSpec spec, Path directory, Filler filler) throws IOException {
        try (Closer closer = new Closer()) {
            PrivateDirectory home = PrivateDirectory.create(directory, environment);
            closer.add(home::close);
            Fd file = Fd.createNew(home.disk());
            closer.add(file::close);
            TestDisk disk = new TestDisk(file, home.disk(), filler.fill(file), spec, Optional.of(home));
            closer.keep();
            return disk;
        }
    }

    private Fd createNameless(Path directory) throws IOException {
        try {
            Optional<Fd> nameless = Fd.createNameless(directory);
            return nameless.isPresent() ? nameless.get() : createAndUnlink(directory);
        } catch (OsException failed) {
            throw switch (failed.errno()) {
                case EROFS, EACCES, EPERM ->
                    unwritable(directory, failed.errno().toString(), failed);
                default -> failed;
            };
        }
    }

    /** Under the name that the original uses for this instant: whoever sweeps knows what it is. */
    private Fd createAndUnlink(Path directory) throws IOException {
        Path name = directory.resolve(".per-test-" + ProcessHandle.current().pid() + "-" + environment.randomSuffix()
                + "-" + environment.randomSuffix() + ".img");
        try (Closer closer = new Closer()) {
            Fd file = Fd.createNew(name);
            closer.add(file::close);
            Files.deleteIfExists(name); // unless a sweep was faster
            closer.keep();
            return file;
        }
    }

    DiskException unwritable(Path directory, String why, IOException cause) {
        return new DiskException(
                ErrorCode.DISK_DIRECTORY,
                "making a test disk: no file can be made in its directory: " + why,
                directory,
                "set " + DIRECTORY_VARIABLE + " to a directory where you may write"
                        + (directory.equals(templates)
                                ? " (it is unset, so disks are made beside their templates); on the same file system as"
                                        + " the templates they share blocks"
                                : ""),
                cause);
    }
}
