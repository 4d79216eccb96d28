package dev.ktstr.lock;

import dev.ktstr.Environment;
import dev.ktstr.os.Directories;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.NativePaths;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who holds what at one moment, found without taking a lock or opening a lock file: {@code /proc/locks} and the mounts
 * are read once, and each process is asked once for its command line, however many locks are looked at. Not for several
 * threads.
 */
public final class LockSurvey {
    private final Map<String, Map<Long, FlockMode>> locks;
    private final MountInfo mounts;
    private final Processes processes = new Processes();
    private final Instant now;

    private LockSurvey(Map<String, Map<Long, FlockMode>> locks, MountInfo mounts, Instant now) {
        this.locks = locks;
        this.mounts = mounts;
        this.now = now;
    }

    /** The locks of this moment. Where {@code /proc} does not tell, holders are known by their records only. */
    public static LockSurvey now(Environment environment) {
        Instant now = environment.clock().instant();
        try {
            return new LockSurvey(ProcLocks.read(), MountInfo.read(), now);
        } catch (IOException hidden) {
            return new LockSurvey(Map.of(), new MountInfo(List.of()), now);
        }
    }

    /**
     * The lock files of a directory, held or not, by name.
     *
     * @param names matches the names of lock files; its first group is what each is called in the result
     * @param holders where their holders leave records
     * @return empty if there is no such directory
     */
    public List<ListedLock> list(Path directory, Pattern names, Path holders) throws IOException {
        List<ListedLock> listed = new ArrayList<>();
        if (FileStat.of(directory).filter(FileStat::isDirectory).isEmpty()) {
            return listed;
        }
        try {
            Path real = directory.toRealPath();
            MountInfo around = mounts.around(NativePaths.bytes(real));
            for (Path file : Directories.children(directory)) {
                Matcher name = names.matcher(String.valueOf(file.getFileName()));
                Optional<FileStat> stat = name.matches() ? FileStat.ofLink(file) : Optional.empty();
                if (stat.isPresent() && stat.get().isRegularFile()) {
                    Map<Long, FlockMode> visible = visible(real.resolve(file.getFileName()), stat.get(), around);
                    List<HolderRecord> records = new HolderDirectory(holders, file).live(now);
                    listed.add(new ListedLock(name.group(1), file, merge(visible, records)));
                }
            }
        } catch (NoSuchFileException removed) {
            return List.of();
        }
        listed.sort(Comparator.comparing(ListedLock::name));
        return listed;
    }

    /** The holders of one lock, whose file need not be there. */
    List<LockHolder> holders(Path lockFile, Optional<HolderDirectory> directory) {
        List<HolderRecord> records = directory.map(each -> each.live(now)).orElse(List.of());
        try {
            Optional<FileStat> stat = FileStat.of(lockFile);
            return merge(stat.isEmpty() ? Map.of() : visible(lockFile.toRealPath(), stat.get(), mounts), records);
        } catch (IOException unreadable) {
            return merge(Map.of(), records); // only ever part of a message: who cannot be seen is not named
        }
    }

    /** Those that {@code /proc/locks} shows, by pid. */
    private Map<Long, FlockMode> visible(Path realPath, FileStat file, MountInfo around) {
        String needle = around.covering(NativePaths.bytes(realPath))
                .map(mount -> ProcLocks.needle(mount.major(), mount.minor(), file.inode()))
                // Under chroot(2) nothing need cover it; st_dev is right but for btrfs and overlayfs.
                .orElseGet(() -> ProcLocks.needle(file.deviceMajor(), file.deviceMinor(), file.inode()));
        return locks.getOrDefault(needle, Map.of());
    }

    /** Each holder once: a record adds to what {@code /proc/locks} shows of a process, or stands for one that it hides. */
    private List<LockHolder> merge(Map<Long, FlockMode> visible, List<HolderRecord> records) {
        ThisProcess here = ThisProcess.here();
        List<HolderRecord> rest = distinct(records);
        List<LockHolder> holders = new ArrayList<>();
        visible.forEach((pid, mode) -> {
            String command = processes.command(pid);
            List<HolderRecord> own = ofOneProcess(
                    rest.stream().filter(each -> isOf(each, pid, here)).toList());
            rest.removeAll(own);
            own.forEach(each -> holders.add(each.holder(pid, command, mode)));
            if (own.isEmpty()) {
                holders.add(new LockHolder(pid, command, mode));
            }
        });
        rest.forEach(each -> holders.add(each.holder(here)));
        return holders;
    }

    private boolean isOf(HolderRecord record, long pid, ThisProcess here) {
        if (record.isOfTheNamespaceOf(here)) {
            return record.pid() == pid;
        }
        return record.isOfTheMachineOf(here)
                && record.pidNamespace() != null
                && processes.isCalled(pid, record.pid(), record.pidNamespace(), record.command());
    }

    /** Several leases of one process for one test are one holder, since the first. */
    private static List<HolderRecord> distinct(List<HolderRecord> records) {
        Map<HolderRecord.Work, HolderRecord> first = new LinkedHashMap<>();
        records.stream()
                .sorted(Comparator.comparing(HolderRecord::since, Comparator.nullsLast(Comparator.naturalOrder())))
                .forEach(each -> first.putIfAbsent(each.work(), each));
        return new ArrayList<>(first.values());
    }

    /** Where a namespace is hidden from us, processes of two may look like one. */
    private static List<HolderRecord> ofOneProcess(List<HolderRecord> candidates) {
        return candidates.stream()
                .filter(each ->
                        Objects.equals(each.pidNamespace(), candidates.get(0).pidNamespace()))
                .toList();
    }
}
