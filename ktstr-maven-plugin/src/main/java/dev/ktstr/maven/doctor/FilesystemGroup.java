package dev.ktstr.maven.doctor;

import dev.ktstr.Programs;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.FilesystemType;
import dev.ktstr.disk.PrivateDirectory;
import dev.ktstr.os.Errno;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileClone;
import dev.ktstr.os.Filesystems;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What the store's file system can do. */
final class FilesystemGroup {
    private static final int SIZE = 4096;
    private static final List<String> ELSEWHERE =
            List.of("# have the store on another local file system, such as ext4, xfs or btrfs (KTSTR_CACHE_DIR)");

    private final Surroundings surroundings;
    private final Path scratch;
    private final Path home;

    /** @param scratch a directory for trying, which lies in what the store's directory is, or will be, in */
    FilesystemGroup(Surroundings surroundings, Path scratch) {
        this.surroundings = surroundings;
        this.scratch = scratch;
        this.home = scratch.resolveSibling("").toAbsolutePath().normalize();
    }

    void examine(Findings findings) throws IOException {
        DiskTemplates templates = DiskTemplates.open(surroundings.environment());
        boolean areDisksElsewhere = !templates.diskDirectory().equals(templates.root());
        findings.check("reflink", () -> reflink("reflink", scratch, home, "KTSTR_CACHE_DIR", areDisksElsewhere));
        if (areDisksElsewhere) {
            findings.check("disk directory", () -> disks(templates.diskDirectory()));
        }
        findings.check("nameless files", this::nameless);
        findings.check("exchange", this::exchange);
        findings.check("fsync", this::fsync);
    }

    private Finding disks(Path wanted) throws IOException {
        Path existing = Places.nearest(wanted);
        if (!Files.isDirectory(existing)) {
            return Finding.fail(
                    "disk directory",
                    wanted + " (KTSTR_DISK_DIR): " + existing + " is not a directory",
                    List.of("unset KTSTR_DISK_DIR"));
        }
        try (PrivateDirectory own = PrivateDirectory.create(existing, surroundings.environment())) {
            return reflink("disk directory", own.path(), existing, "KTSTR_DISK_DIR", false);
        } catch (FileSystemException failed) {
            return Finding.fail(
                    "disk directory",
                    wanted + " (KTSTR_DISK_DIR): no directory can be made in " + existing + ": " + failed,
                    List.of("# have it name a directory that you may write to, or:", "unset KTSTR_DISK_DIR"));
        }
    }

    /**
     * Clones a file of the store.
     *
     * @param into a directory for trying, in what is shown
     * @param isMinor whether disks are made elsewhere, so that this costs nothing
     */
    private Finding reflink(String name, Path into, Path shown, String variable, boolean isMinor) throws IOException {
        byte[] content = new byte[SIZE];
        Arrays.fill(content, (byte) 'k');
        Path original = scratch.resolve("original-" + variable);
        Path named = into.resolve("clone");
        try (Fd source = Fd.createNew(original);
                Fd target = target(into, named)) {
            source.write(content);
            Optional<Errno> obstacle = FileClone.share(source, target);
            String tried = "FICLONE of a 4 KiB file" + (shown.equals(home) ? " in " : " from " + home + " to ") + shown
                    + " (" + FilesystemType.nameAt(into) + ")";
            if (obstacle.isEmpty()) {
                byte[] copy = new byte[SIZE];
                int length = target.read(copy, 0);
                return length == SIZE && Arrays.equals(copy, content)
                        ? Finding.ok(name, tried)
                        : Finding.fail(name, tried + " gave another file: the file system is at fault", ELSEWHERE);
            }
            String found = tried + ": refused (" + obstacle.get() + ")";
            return isMinor
                    ? Finding.ok(name, found + "; disks are made elsewhere (KTSTR_DISK_DIR)")
                    : Finding.warn(
                            name,
                            found + "; every test disk is a sparse copy of its template instead of a clone, which"
                                    + " takes longer and the space of what is not empty",
                            remedy(variable));
        } catch (OsException failed) {
            return Finding.fail(
                    name, shown + " (" + variable + "): " + failed.problem(), List.of("# " + failed.remedy()));
        } finally {
            Files.deleteIfExists(original);
            Files.deleteIfExists(named);
        }
    }

    private static Fd target(Path directory, Path named) throws IOException {
        Optional<Fd> nameless = Fd.createNameless(directory);
        return nameless.isPresent() ? nameless.get() : Fd.createNew(named);
    }

    /** A file system that can, in a file: whole, so that it works when copied. */
    private List<String> remedy(String variable) throws IOException {
        if (variable.equals("KTSTR_DISK_DIR")) {
            return List.of(
                    "# disks beside their templates, if those can be cloned; else both on such a file system:",
                    "unset KTSTR_DISK_DIR");
        }
        Programs programs = new Programs(surroundings.environment());
        boolean isXfs = programs.find("mkfs.xfs").isPresent()
                || programs.find("mkfs.btrfs").isEmpty();
        List<String> lines = new ArrayList<>();
        lines.add(
                "# the store on a file system of its own, in a file that grows up to 20 GB (needs root and loop devices;"
                        + " kernels are to be stored again):");
        if (isXfs && programs.find("mkfs.xfs").isEmpty()) {
            lines.addAll(Shell.install(programs, "xfsprogs", "xfsprogs"));
        }
        String sudo = Shell.sudo();
        lines.add(sudo + "truncate -s 20G /var/lib/ktstr.img");
        lines.add(sudo + (isXfs ? "mkfs.xfs -q -m reflink=1" : "mkfs.btrfs -q") + " /var/lib/ktstr.img");
        lines.add(sudo + "mkdir -p /srv/ktstr");
        lines.add(sudo + "mount -o loop /var/lib/ktstr.img /srv/ktstr");
        lines.add(sudo + "chown \"$(id -u):$(id -g)\" /srv/ktstr");
        lines.add("export KTSTR_CACHE_DIR=/srv/ktstr");
        return lines;
    }

    private Finding nameless() throws IOException {
        Optional<Fd> file = Fd.createNameless(scratch);
        if (file.isEmpty()) {
            return Finding.warn(
                    "nameless files",
                    "no O_TMPFILE in " + home + " (" + FilesystemType.nameAt(home)
                            + "): a test disk has a name for an instant, and may be left behind by a power cut",
                    List.of("# have the store on ext4, xfs, btrfs or tmpfs (KTSTR_CACHE_DIR)"));
        }
        try (Fd open = file.get()) {
            return open.procPath().isPresent()
                    ? Finding.ok("nameless files", "O_TMPFILE in " + home + ", opened again through /proc")
                    : Finding.warn(
                            "nameless files",
                            "O_TMPFILE in " + home
                                    + " works, but /proc does not show open files: test disks have names,"
                                    + " and virtual machines do not start",
                            List.of(Shell.sudo() + "mount -t proc proc /proc"));
        }
    }

    private Finding exchange() throws IOException {
        Path one = Files.createDirectories(scratch.resolve("one/was-one")).resolveSibling("");
        Path other = Files.createDirectories(scratch.resolve("other"));
        try {
            Filesystems.exchange(scratch.resolve("one"), other);
        } catch (OsException failed) {
            return Finding.warn(
                    "exchange",
                    failed.errno() + " from renameat2(RENAME_EXCHANGE) of two directories in " + home + " ("
                            + FilesystemType.nameAt(home)
                            + "): a kernel that is stored again is missing for a moment, in place of being exchanged in one"
                            + " step",
                    List.of("# have the store on ext4, xfs, btrfs or tmpfs (KTSTR_CACHE_DIR)"));
        }
        return Files.isDirectory(other.resolve("was-one"))
                ? Finding.ok("exchange", "renameat2(RENAME_EXCHANGE) of two directories in " + home)
                : Finding.fail("exchange", "renameat2 of " + one + " said that it worked, and did not", ELSEWHERE);
    }

    private Finding fsync() throws IOException {
        try (Fd directory = Fd.openDirectory(scratch)) {
            directory.fsync();
            return Finding.ok("fsync", "fsync(2) of a directory in " + home);
        }
    }
}
