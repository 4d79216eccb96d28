package dev.ktstr.it;

import dev.ktstr.disk.DiskException;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One disk after the other, from a template that is there. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@Warmup(iterations = 5)
@Measurement(iterations = 5)
public class NewDisk {
    @Param("")
    public String root = "";

    @Param("256")
    public long mebibytes = 256;

    private DiskTemplates templates = DiskTemplates.at(Path.of("unused"));
    private Optional<DiskSpec> spec = Optional.empty();

    static DiskSpec spec(long mebibytes) throws DiskException {
        return DiskSpec.builder()
                .filesystem(Filesystem.BTRFS)
                .size(mebibytes << 20)
                .build();
    }

    @Setup
    public void describe() throws DiskException {
        templates = DiskTemplates.at(Path.of(root));
        spec = Optional.of(spec(mebibytes));
    }

    @Benchmark
    public void make() throws IOException {
        try (TestDisk disk = templates.newDisk(spec.orElseThrow())) {}
    }
}
