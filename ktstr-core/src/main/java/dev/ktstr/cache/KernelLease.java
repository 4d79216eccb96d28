package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.OsException;
import java.io.IOException;
import java.util.Optional;

/**
 * One kernel, held: until this is closed ktstr neither replaces nor removes it, in whichever process. Any number may
 * hold one kernel. Closing again does nothing.
 */
public final class KernelLease implements AutoCloseable {
    private final KernelEntry entry;
    private final LockGuard guard;

    KernelLease(KernelEntry entry, LockGuard guard) {
        this.entry = entry;
        this.guard = guard;
    }

    public KernelEntry entry() {
        return entry;
    }

    /**
     * Looks again whether the entry is the one that was leased, with files of the recorded sizes: the original removes
     * entries without asking for the lock.
     *
     * @throws EntryException if it is not
     */
    public void check() throws IOException {
        Optional<FileStat> now = FileStat.of(entry.directory());
        if (now.isEmpty() || !now.get().isSameFile(entry.identity())) {
            throw damaged(entry, "it was replaced or removed by somebody who does not take the lock");
        }
        Optional<String> problem = EntrySizes.problem(entry);
        if (problem.isPresent()) {
            throw damaged(entry, problem.get());
        }
    }

    /** Re-reads every file against its checksum; takes as long as reading them. */
    public VerifyReport verify() throws IOException {
        return new KernelVerifier(new ListedEntry.Valid(entry)).verify();
    }

    @Override
    public void close() throws OsException {
        guard.close();
    }

    private static EntryException damaged(KernelEntry entry, String why) {
        return new EntryException(
                ErrorCode.ENTRY_DAMAGED,
                "using kernel " + entry.key() + ": " + why,
                entry.directory(),
                "remove it (mvn ktstr:kernel-clean -Dktstr.key=" + entry.key() + ") and store it again");
    }
}
