package dev.ktstr.lock;

import dev.ktstr.os.Directories;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.NativeAccessException;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The records of who holds one lock: {@code <directory>/<lock file name>/<pid>-<8 hex>}. Its writer keeps a record
 * locked for as long as it holds the lock, so one that anybody else can lock is stale, however its writer ended. It is
 * locked and written under a name with a leading dot first: whatever has its final name has been locked.
 *
 * <p>Any user may write here, so nothing that is found is trusted: links are not followed, and what is no regular file
 * is not waited for. And the lock itself needs nothing of this, so whatever fails is passed over.
 */
final class HolderDirectory {
    private static final Pattern NAME = Pattern.compile("\\.?([0-9]{1,10})-[0-9a-f]{8}");
    private static final int LARGEST_RECORD = 64 * 1024;

    /** Anybody may make as many as they like, and whoever takes the lock looks at them. */
    private static final int MOST_RECORDS = 1000;

    private static final Duration WRITTEN_BY_THEN = Duration.ofMinutes(1);
    private static final int FOR_ALL_USERS = 01777;
    private static final int READABLE_FOR_ALL = 0644;

    private final Path directory;
    private final String lockFileName;

    /** @param directory where the holders of all lock files that lie beside this one leave their records */
    HolderDirectory(Path directory, Path lockFile) {
        this.directory = directory.toAbsolutePath();
        this.lockFileName = String.valueOf(lockFile.getFileName());
    }

    /** A record of ours; running this removes it. */
    private static final class OwnRecord implements Runnable {
        private final Fd directory;
        private final Fd file;
        private String name;

        OwnRecord(Fd directory, Fd file, String name) {
            this.directory = directory;
            this.file = file;
            this.name = name;
        }

        /** False if that failed, also because somebody else has locked it: who would, under a name with a dot? */
        boolean isPublished(byte[] content, String finalName) {
            try {
                if (!file.tryFlock(true)) {
                    return false;
                }
                file.chmod(READABLE_FOR_ALL); // whatever the umask: who cannot read it cannot probe it either
                file.write(content);
                directory.renameAt(name, finalName);
                name = finalName;
                return true;
            } catch (OsException failed) {
                return false;
            }
        }

        @Override
        public void run() {
            try (directory;
                    file) {
                directory.removeAt(name);
            } catch (OsException failed) {
                return; // it is stale now, and whoever finds it removes it
            }
        }
    }

    /**
     * Leaves a record.
     *
     * @param unique eight hex digits
     * @return what removes it again; empty if none could be written, as on a read-only or a full file system
     */
    Optional<Runnable> leave(ThisProcess process, FlockMode mode, Instant since, @Nullable String test, String unique) {
        String name = Objects.requireNonNullElse(process.pid(), 0L) + "-" + unique;
        try {
            byte[] content = HolderJson.write(process, mode, since, test);
            Optional<OwnRecord> own = create("." + name);
            if (own.isPresent() && !own.get().isPublished(content, name)) {
                own.get().run();
                return Optional.empty();
            }
            return own.map(Runnable.class::cast);
        } catch (IOException cannot) {
            return Optional.empty();
        }
    }

    /** What those say who hold the lock now; removes what others left behind. */
    List<HolderRecord> live(Instant now) {
        List<HolderRecord> live = new ArrayList<>();
        try (Fd records = open().orElse(null)) {
            if (records != null) {
                List<Path> names = Directories.names(records);
                for (Path each : names.subList(0, Math.min(names.size(), MOST_RECORDS))) {
                    String name = each.toString();
                    Matcher named = NAME.matcher(name);
                    if (named.matches()) {
                        live(records, name, Long.parseLong(named.group(1)), now).ifPresent(live::add);
                    }
                }
            }
        } catch (IOException unreadable) {
            return live; // only ever part of a message: who cannot be seen is not named
        }
        return live;
    }

    private static Optional<HolderRecord> live(Fd records, String name, long namedPid, Instant now) {
        boolean isUnfinished = name.startsWith(".");
        try (Fd file = records.openAt(name)) {
            if (isUnfinished && isYoung(file.stat(), now)) {
                return Optional.empty(); // its writer may be about to lock it
            }
            // Shared, so that two who look at the same time do not take each other for the writer.
            if (file.tryFlock(false)) {
                removeStale(records, name, file);
                return Optional.empty();
            }
            return isUnfinished ? Optional.empty() : Optional.of(HolderJson.parse(content(file), namedPid));
        } catch (OsException noRecord) {
            return Optional.empty();
        }
    }

    private static boolean isYoung(FileStat file, Instant now) {
        return file.modifiedSeconds() > now.minus(WRITTEN_BY_THEN).getEpochSecond()
                && file.modifiedSeconds() < now.plus(WRITTEN_BY_THEN).getEpochSecond(); // else the clock was set back
    }

    /** Of another user's, in a directory of another user's, this fails; then it stays for one of them. */
    private static void removeStale(Fd records, String name, Fd file) throws OsException {
        Optional<FileStat> named = records.statAt(name);
        if (named.isPresent() && named.get().isSameFile(file.stat())) {
            records.removeAt(name);
        }
    }

    /** Nothing of what is larger than any record: its holder is shown, by the pid in its name, and nothing else. */
    private static byte[] content(Fd file) throws OsException {
        return file.stat().size() > LARGEST_RECORD ? new byte[0] : file.readAll(LARGEST_RECORD);
    }

    private Optional<OwnRecord> create(String name) throws OsException, NativeAccessException {
        Optional<Fd> records = openOrCreate();
        if (records.isEmpty()) {
            return Optional.empty();
        }
        Fd open = records.get();
        try {
            Optional<Fd> file = open.createAt(name);
            if (file.isPresent()) {
                return Optional.of(new OwnRecord(open, file.get(), name));
            }
        } catch (OsException failed) {
            open.close();
            throw failed;
        }
        open.close();
        return Optional.empty();
    }

    private Optional<Fd> open() throws OsException, NativeAccessException {
        try (Fd top = Fd.openDirectoryIfPresent(directory).orElse(null)) {
            return top == null ? Optional.empty() : top.openDirectoryAt(lockFileName);
        }
    }

    private Optional<Fd> openOrCreate() throws OsException, NativeAccessException {
        Optional<Fd> present = open();
        Path above = directory.getParent();
        if (present.isPresent() || above == null || isForeignLink(above)) {
            return present;
        }
        try (Fd parent = Fd.openDirectory(above);
                Fd top = directoryForAll(parent, String.valueOf(directory.getFileName()))
                        .orElse(null)) {
            return top == null ? Optional.empty() : directoryForAll(top, lockFileName);
        }
    }

    /** Then it is another user who would choose where a directory for all is made; as with lock files. */
    private static boolean isForeignLink(Path directory) throws OsException, NativeAccessException {
        return FileStat.ofLink(directory).filter(FileStat::isForeignLink).isPresent();
    }

    /** A directory that every user may write into, made by whoever comes first; empty if it is removed meanwhile. */
    private static Optional<Fd> directoryForAll(Fd parent, String name) throws OsException {
        boolean isNew = parent.makeDirectoryAt(name);
        Optional<Fd> made = parent.openDirectoryAt(name);
        if (isNew && made.isPresent()) {
            try {
                made.get().chmod(FOR_ALL_USERS); // mkdir heeds the umask
            } catch (OsException failed) {
                made.get().close();
                throw failed;
            }
        }
        return made;
    }
}
