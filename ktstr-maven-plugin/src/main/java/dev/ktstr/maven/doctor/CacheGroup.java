package dev.ktstr.maven.doctor;

import dev.ktstr.ByteSizes;
import dev.ktstr.CacheDirectory;
import dev.ktstr.EnvironmentException;
import dev.ktstr.KtstrException;
import dev.ktstr.Printable;
import dev.ktstr.disk.FilesystemType;
import dev.ktstr.disk.PrivateDirectory;
import dev.ktstr.lock.LockUnavailableException;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The directory of the store: where it is, and whether it can be used. */
final class CacheGroup {
    private static final long PLENTY = 5L << 30;
    private static final long ENOUGH = 200L << 20;

    private final Surroundings surroundings;
    private final Path wanted;
    private final Path existing;

    CacheGroup(Surroundings surroundings) throws EnvironmentException {
        this.surroundings = surroundings;
        this.wanted = CacheDirectory.of(surroundings.environment(), "kernels");
        this.existing = Places.nearest(wanted);
    }

    void examine(Findings findings) {
        findings.check("cache", this::directory);
        if (Files.isDirectory(existing)) {
            findings.check("cache mode", this::mode);
            findings.check(
                    "cache space", () -> space(Files.getFileStore(existing).getUsableSpace()));
        }
    }

    private Finding directory() throws IOException {
        String where = wanted + " (" + source() + ")";
        if (!Files.isDirectory(existing)) {
            return Finding.fail("cache", where + ": " + existing + " is not a directory", elsewhere());
        }
        String type = FilesystemType.nameAt(existing);
        Optional<String> obstacle = obstacle();
        if (obstacle.isPresent()) {
            return Finding.fail(
                    "cache",
                    where + ": no file can be made in " + existing + " (" + type + "): " + obstacle.get(),
                    elsewhere());
        }
        String found = where + " on " + type
                + (existing.equals(wanted)
                        ? ": a file could be made in it"
                        : ": not there yet; the first store makes it, a file could be made in " + existing);
        Optional<String> caution = CacheDirectory.caution(surroundings.environment());
        return caution.isEmpty()
                ? Finding.ok("cache", found)
                : Finding.warn(
                        "cache", found + "; " + caution.get(), List.of("export XDG_CACHE_HOME=\"$HOME/.cache\""));
    }

    /** Why no file can be made there. */
    private Optional<String> obstacle() throws IOException {
        try {
            Optional<Fd> nameless = Fd.createNameless(existing);
            if (nameless.isPresent()) {
                nameless.get().close();
            } else { // what has no such files
                PrivateDirectory.create(existing, surroundings.environment()).close();
            }
            return Optional.empty();
        } catch (LockUnavailableException unlocked) {
            return Optional.empty(); // it could be made; the checks of locks say the rest
        } catch (KtstrException failed) {
            return Optional.of(failed.problem());
        } catch (IOException failed) {
            return Optional.of(failed.toString());
        }
    }

    private Finding mode() throws IOException {
        if (!existing.equals(wanted)) {
            return Finding.ok("cache mode", "not there yet: it will be this user's, with the umask's mode");
        }
        String found = wanted + " belongs to " + Files.getOwner(wanted).getName();
        return FileStat.of(wanted)
                .flatMap(FileStat::otherWriters)
                .map(others -> Finding.warn(
                        "cache mode",
                        found + ", and " + others
                                + " may write to it: who can replace a kernel decides what tests boot",
                        List.of("chmod go-w " + Printable.shellWord(wanted))))
                .orElseGet(() -> Finding.ok("cache mode", found + ", and nobody else may write to it"));
    }

    /** @param bytes that this user can still write there */
    Finding space(long bytes) {
        String found = ByteSizes.format(bytes) + " are free on the file system of " + existing;
        List<String> remedy = List.of(
                "# remove what is not needed, or have the store elsewhere",
                surroundings.goal("disk-clean", wanted.toString(), "all=true"),
                surroundings.goal("kernel-clean", wanted.toString(), "keep=3"));
        if (bytes < ENOUGH) {
            return Finding.fail("cache space", found + ", and one kernel with a disk may take more", remedy);
        }
        return bytes < PLENTY
                ? Finding.warn("cache space", found + ": that is soon used up by kernels and disks", remedy)
                : Finding.ok("cache space", found);
    }

    private String source() throws EnvironmentException {
        if (surroundings.isCacheDirSet()) {
            return "ktstr.cacheDir";
        }
        for (String variable : List.of("KTSTR_CACHE_DIR", "XDG_CACHE_HOME")) {
            if (surroundings.environment().variable(variable).isPresent()) {
                return variable;
            }
        }
        return "HOME";
    }

    private List<String> elsewhere() {
        return List.of(
                "# have the store in a directory of your own, on a local file system:",
                "mkdir -p \"$HOME/ktstr-cache\" && export KTSTR_CACHE_DIR=\"$HOME/ktstr-cache\"");
    }
}
