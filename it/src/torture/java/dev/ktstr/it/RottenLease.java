package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.event.EventSink;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/** Files of an entry that become other ones, or of another size: whoever leases it is told, and so is whoever holds it. */
final class RottenLease {
    /** What is done to a file. */
    private enum Damage {
        SHORTER(false, false) {
            @Override
            void to(Path file) throws IOException {
                resize(file, -1);
            }
        },
        EMPTY(true, false) {
            @Override
            void to(Path file) throws IOException {
                resize(file, -Files.size(file));
            }
        },
        LONGER(false, false) {
            @Override
            void to(Path file) throws IOException {
                resize(file, 1);
            }
        },
        GONE(true, false) {
            @Override
            void to(Path file) throws IOException {
                Files.delete(file);
            }
        },
        A_LINK(true, false) {
            @Override
            void to(Path file) throws IOException {
                Path away = Files.move(file, file.resolveSibling("away"));
                Files.createSymbolicLink(file, away);
            }
        },
        /** Which nothing tells to whoever comes later. */
        ANOTHER_INODE(false, true) {
            @Override
            void to(Path file) throws IOException {
                Path copy = Files.copy(file, file.resolveSibling("copy"));
                Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
            }
        };

        /** Whether also of files whose sizes are not recorded. */
        private final boolean isAlwaysFound;

        private final boolean onlyWhileHeld;

        Damage(boolean isAlwaysFound, boolean onlyWhileHeld) {
            this.isAlwaysFound = isAlwaysFound;
            this.onlyWhileHeld = onlyWhileHeld;
        }

        abstract void to(Path file) throws IOException;

        private static void resize(Path file, long by) throws IOException {
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(open.length() + by);
            }
        }
    }

    private interface Attempt {
        void run() throws IOException;
    }

    private final KernelCache cache;
    private final StoreRequest request;
    private final Trials trials;

    RottenLease(KernelCache cache, StoreRequest request, Trials trials) {
        this.cache = cache;
        this.request = request;
        this.trials = trials;
    }

    void run() throws Exception {
        for (Damage damage : Damage.values()) {
            damage("bzImage", damage, true);
            damage("vmlinux", damage, true);
            damage("config", damage, false);
            damage("modules/000-virtio_pci.ko", damage, false);
        }
        for (Damage damage : List.of(Damage.GONE, Damage.EMPTY, Damage.LONGER, Damage.A_LINK)) {
            damage("metadata.json", damage, true);
        }
        replaceDirectory();
    }

    /** @param isRecorded whether its size is, so that who comes later can tell; else its bytes must be looked at */
    private void damage(String name, Damage damage, boolean isRecorded) throws Exception {
        String kind = "lease: a file that is "
                + damage.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        KernelEntry entry = cache.store(request).entry();
        Path file = entry.directory().resolve(name);
        try (KernelLease held = cache.lease(entry.key())) {
            damage.to(file);
            requireFound(kind + ", while held", name, held::check);
        }
        requireFound(kind + ", since it was looked up", name, () -> lease(entry));
        if (damage.isAlwaysFound || (isRecorded && !damage.onlyWhileHeld)) {
            requireFound(kind, name, () -> cache.lease(entry.key()).close());
        }
        if (!damage.onlyWhileHeld) {
            requireVerified(kind + ", by verify", name, entry.key());
        }
        remove(entry);
    }

    private void replaceDirectory() throws Exception {
        KernelEntry entry = cache.store(request).entry();
        try (KernelLease held = cache.lease(entry.key())) {
            Path old = cache.root().resolve(".old");
            Files.move(entry.directory(), old);
            Commands.run("cp", "-a", old.toString(), entry.directory().toString());
            Commands.run("rm", "-r", old.toString());
            requireFound("lease: another directory, while held", "", held::check);
        }
        requireFound("lease: another directory, since it was looked up", "", () -> lease(entry));
        remove(entry);
    }

    private static void lease(KernelEntry entry) throws IOException {
        KernelCache.lease(entry, Environment.system(), EventSink.logging()).close();
    }

    private void requireFound(String kind, String name, Attempt attempt) throws IOException {
        trials.fired(kind);
        try {
            attempt.run();
            trials.violation(kind, "not found: " + name);
        } catch (KtstrException found) {
            if (found.code() != ErrorCode.ENTRY_DAMAGED && found.code() != ErrorCode.ENTRY_MISSING) {
                trials.violation(kind, name + ": something else was found: " + found.getMessage());
            }
        }
    }

    private void requireVerified(String kind, String name, String key) throws IOException {
        trials.fired(kind);
        if (cache.verify(key).isWhole()) {
            trials.violation(kind, "not found: " + name);
        }
    }

    private static void remove(KernelEntry entry) throws IOException, InterruptedException {
        Commands.run("rm", "-r", entry.directory().toString());
    }
}
