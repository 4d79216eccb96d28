package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.cache.KernelCache;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("kernel")
class ConcurrentStoreIT {
    private static final int PROCESSES = 8;

    @Test
    void ofEightProcessesThatStoreOneKernelOneDoesTheWork(@TempDir Path directory) throws Exception {
        RealKernel kernel = RealKernel.require();
        Path root = directory.resolve("kernels");
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < PROCESSES; i++) {
            processes.add(StoreMain.start(root, "crowded", kernel));
        }
        for (Process process : processes) {
            StoreMain.go(process);
        }
        List<String> outcomes = new ArrayList<>();
        for (Process process : processes) {
            outcomes.add(lastLine(Commands.finish(process)));
            assertThat(process.exitValue()).as("%s", outcomes).isZero();
        }

        List<String> expected = new ArrayList<>(Collections.nCopies(PROCESSES - 1, "ALREADY_STORED false"));
        expected.add("STORED true");
        assertThat(outcomes).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(KernelCache.at(root).verify("crowded").problems()).isEmpty();
        try (Stream<Path> names = Files.list(root)) {
            assertThat(names.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("crowded", ".locks");
        }
    }

    /** Those that wait say so on standard error before it. */
    private static String lastLine(String output) {
        return output.lines().reduce((earlier, later) -> later).orElse("");
    }
}
