package dev.ktstr.cache;

import dev.ktstr.lock.LockGuard;
import java.io.IOException;
import java.util.Optional;

/**
 * One kernel, held: until this is closed ktstr neither replaces nor removes it, in whichever process. Any number may
 * hold one kernel. Closing again does nothing.
 *
 * <p>There is one only for an entry whose files are there: boot image and {@code vmlinux} with the sizes that were recorded
 * when it was stored; configuration and modules to load, whose sizes are not recorded, at least not emptied. From then on
 * (or, with {@link KernelCache#lease(KernelEntry, dev.ktstr.Environment, dev.ktstr.event.EventSink)}, since it was looked up)
 * {@link #check} finds another directory, other metadata, and of each of these files another inode or size. The tree of all
 * modules is not looked at, and of an entry of the original, which records no sizes, only whether the files are there. The
 * bytes of every file are compared with what was stored by {@link #verify}, and by nothing else.
 */
public final class KernelLease implements AutoCloseable {
    private final KernelEntry entry;
    private final EntryReader reader;
    private final LockGuard guard;

    KernelLease(KernelEntry entry, EntryReader reader, LockGuard guard) {
        this.entry = entry;
        this.reader = reader;
        this.guard = guard;
    }

    public KernelEntry entry() {
        return entry;
    }

    /**
     * Looks again whether the entry is the one that was leased, with the same files, of the recorded sizes: the original
     * removes entries without asking for the lock.
     *
     * @throws EntryException if it is not
     */
    public void check() throws IOException {
        Optional<KernelEntry> now = reader.valid(entry.key());
        if (now.isEmpty() || !now.get().isSameGeneration(entry)) {
            throw EntryException.damaged(
                    entry.key(),
                    entry.directory(),
                    "it was replaced or removed by somebody who does not take the lock");
        }
        Optional<String> problem = EntrySizes.problem(now.get());
        if (problem.isPresent()) {
            throw EntryException.damaged(entry.key(), entry.directory(), problem.get());
        }
        if (!now.get().hasSameFiles(entry)) {
            throw EntryException.damaged(
                    entry.key(),
                    entry.directory(),
                    "one of its files is not the one it was: somebody writes there who does not take the lock");
        }
    }

    /** Re-reads every file against its checksum; takes as long as reading them. */
    public VerifyReport verify() throws IOException {
        return new KernelVerifier(new ListedEntry.Valid(entry)).verify();
    }

    @Override
    public void close() {
        guard.close();
    }
}
