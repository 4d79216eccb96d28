package dev.ktstr.cache;

import dev.ktstr.FuzzTarget;
import dev.ktstr.KtstrException;
import dev.ktstr.os.FileStat;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/** How users say which kernel they mean; and versions that somebody recorded. */
public final class SelectorFuzzTest extends FuzzTarget {
    private static final Path ROOT = Path.of("/nowhere/kernels");

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> select(new String(input, StandardCharsets.UTF_8)));
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }

    /** The first line selects; the second is the version of one of the kernels there are. */
    private static void select(String text) throws IOException {
        int line = text.indexOf('\n');
        String version = text.substring(line + 1);
        List<KernelEntry> entries = entries(version);
        try {
            KernelSelector selector = KernelSelector.parse(line < 0 ? text : text.substring(0, line));
            List<KernelEntry> found = selector.select(entries, ROOT);
            check(entries.containsAll(found), "what is found is there");
            check(found.size() == new HashSet<>(found).size(), "nothing is found twice");
        } catch (KtstrException refused) {
            check(!refused.remedy().isEmpty(), "the refusal says what to do");
        }
    }

    private static List<KernelEntry> entries(String version) {
        return Stream.of("6.1", "6.1.10", "6.12-rc3", "6.12", version)
                .map(each -> new KernelEntry(
                        "k-" + each.length(),
                        ROOT,
                        metadata(each),
                        new FileStat(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                        new FileStat(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                        null,
                        null,
                        new TreeMap<>()))
                .toList();
    }

    private static KernelMetadata metadata(String version) {
        return new KernelMetadata(
                version,
                new KernelSource.Tarball(),
                Machine.arch(),
                "bzImage",
                null,
                "2026-01-01T00:00:00Z",
                null,
                null,
                false,
                false,
                null,
                null,
                null,
                null);
    }
}
