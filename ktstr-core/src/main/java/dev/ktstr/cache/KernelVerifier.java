package dev.ktstr.cache;

import dev.ktstr.elf.ElfFile;
import dev.ktstr.elf.MalformedElfException;
import dev.ktstr.os.Directories;
import dev.ktstr.os.Fd;
import dev.ktstr.os.FileFailures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Re-reads an entry against its checksums and its ELF structure. One use per entry. */
final class KernelVerifier {
    private final ListedEntry entry;
    private final List<String> problems = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    KernelVerifier(ListedEntry entry) {
        this.entry = entry;
    }

    void note(String note) {
        notes.add(note);
    }

    VerifyReport verify() throws IOException {
        if (entry instanceof ListedEntry.Corrupt corrupt) {
            problems.add(corrupt.reason());
        } else if (entry instanceof ListedEntry.Valid valid) {
            verify(valid.entry());
        }
        return new VerifyReport(entry.key(), List.copyOf(problems), List.copyOf(notes));
    }

    private void verify(KernelEntry kernel) throws IOException {
        KernelMetadata metadata = kernel.metadata();
        StoredDetails jvm = metadata.jvm();
        if (jvm == null && MetadataCodec.hasSum(metadata)) {
            problems.add(KernelFamily.METADATA + " is not what was stored: the name of the field \"jvm\" is damaged");
        } else if (jvm == null) {
            notes.add("stored by the original, which records no checksums");
        } else {
            checkMetadata(kernel.directory().resolve(KernelFamily.METADATA), jvm);
            check(kernel.image(), jvm.imageSha256());
            for (Map.Entry<String, String> file : jvm.files().entrySet()) {
                check(kernel.directory().resolve(file.getKey()), file.getValue());
            }
            checkNothingElse(kernel, jvm);
        }
        Path vmlinux = kernel.directory().resolve(KernelFamily.VMLINUX);
        if (metadata.hasVmlinux()) {
            check(vmlinux, jvm == null ? null : jvm.vmlinuxSha256());
            if (metadata.vmlinuxStripped()) {
                checkStructure(vmlinux, metadata.arch());
            }
        }
    }

    private void checkMetadata(Path file, StoredDetails jvm) throws IOException {
        String sum = jvm.metadataSha256();
        try (Fd open = Fd.openRegularIfPresent(file).orElse(null)) {
            if (sum == null
                    || open == null
                    || !MetadataCodec.isUnchanged(open.readAll(EntryReader.MAX_METADATA), sum)) {
                problems.add(KernelFamily.METADATA + " is not what was stored: its checksum differs");
            }
        }
    }

    private void check(Path file, @Nullable String sha256) {
        try (Fd open = Fd.openRegularIfPresent(file).orElse(null)) {
            if (open == null) {
                problems.add(file.getFileName() + " is missing");
            } else if (sha256 != null && !Checksums.sha256(open).equals(sha256)) {
                problems.add(file.getFileName() + " is not what was stored: its checksum differs");
            }
        } catch (IOException unreadable) {
            problems.add(file.getFileName() + " cannot be read: " + FileFailures.describe(unreadable));
        }
    }

    private void checkNothingElse(KernelEntry kernel, StoredDetails jvm) throws IOException {
        Set<Path> known = new HashSet<>(Set.of(
                kernel.image(),
                kernel.directory().resolve(KernelFamily.METADATA),
                kernel.directory().resolve(KernelFamily.VMLINUX)));
        jvm.files().keySet().forEach(name -> known.add(kernel.directory().resolve(name)));
        try {
            checkNothingElse(kernel.directory(), kernel.directory(), known);
        } catch (IOException unreadable) {
            problems.add("not all of the entry can be read: " + FileFailures.describe(unreadable));
        }
    }

    private void checkNothingElse(Path entry, Path path, Set<Path> known) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            for (Path each : Directories.children(path)) {
                checkNothingElse(entry, each, known);
            }
        } else if (!known.contains(path)) {
            problems.add(entry.relativize(path) + " was not stored by ktstr");
        }
    }

    private void checkStructure(Path vmlinux, String arch) {
        try (Fd open = Fd.openRegularIfPresent(vmlinux).orElse(null)) {
            if (open != null) { // else that has been said
                checkStructure(vmlinux, open, arch);
            }
        } catch (IOException unreadable) {
            problems.add("vmlinux cannot be read: " + FileFailures.describe(unreadable));
        }
    }

    private void checkStructure(Path vmlinux, Fd open, String arch) throws IOException {
        try (ElfFile elf = ElfFile.open(open.procPath().orElse(vmlinux))) {
            elf.problems().forEach(problem -> problems.add("vmlinux: " + problem));
            if (!elf.arch().equals(arch)) {
                problems.add("vmlinux is for " + elf.arch() + ", the entry for " + arch);
            }
        } catch (MalformedElfException broken) {
            problems.add("vmlinux: " + broken.problem());
        }
    }
}
