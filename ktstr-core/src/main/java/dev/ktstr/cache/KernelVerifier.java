package dev.ktstr.cache;

import dev.ktstr.elf.ElfFile;
import dev.ktstr.elf.MalformedElfException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
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
        if (jvm == null) {
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
            if (metadata.vmlinuxStripped() && Files.isRegularFile(vmlinux)) {
                checkStructure(vmlinux, metadata.arch());
            }
        }
    }

    private void checkMetadata(Path file, StoredDetails jvm) throws IOException {
        String sum = jvm.metadataSha256();
        if (sum == null || !MetadataCodec.isUnchanged(Files.readAllBytes(file), sum)) {
            problems.add(KernelFamily.METADATA + " is not what was stored: its checksum differs");
        }
    }

    private void check(Path file, @Nullable String sha256) throws IOException {
        if (!Files.isRegularFile(file)) {
            problems.add(file.getFileName() + " is missing");
        } else if (sha256 != null && !Checksums.sha256(file).equals(sha256)) {
            problems.add(file.getFileName() + " is not what was stored: its checksum differs");
        }
    }

    private void checkNothingElse(KernelEntry kernel, StoredDetails jvm) throws IOException {
        Set<Path> known = new HashSet<>(Set.of(
                kernel.image(),
                kernel.directory().resolve(KernelFamily.METADATA),
                kernel.directory().resolve(KernelFamily.VMLINUX)));
        jvm.files().keySet().forEach(name -> known.add(kernel.directory().resolve(name)));
        try (Stream<Path> all = Files.walk(kernel.directory())) {
            all.filter(path -> !Files.isDirectory(path) && !known.contains(path))
                    .map(path -> kernel.directory().relativize(path) + " was not stored by ktstr")
                    .forEach(problems::add);
        }
    }

    private void checkStructure(Path vmlinux, String arch) throws IOException {
        try (ElfFile elf = ElfFile.open(vmlinux)) {
            elf.problems().forEach(problem -> problems.add("vmlinux: " + problem));
            if (!elf.arch().equals(arch)) {
                problems.add("vmlinux is for " + elf.arch() + ", the entry for " + arch);
            }
        } catch (MalformedElfException broken) {
            problems.add("vmlinux: " + broken.problem());
        }
    }
}
