package dev.ktstr.it;

import dev.ktstr.elf.StripReport;
import dev.ktstr.elf.VmlinuxStripper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Stripping again and again; removing the output is timed, too. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@Warmup(iterations = 5)
@Measurement(iterations = 5)
public class WarmStrip {
    @Param("")
    public String input = "";

    @Param("")
    public String output = "";

    @Benchmark
    public StripReport strip() throws IOException {
        StripReport report = VmlinuxStripper.strip(Path.of(input), Path.of(output));
        Files.delete(Path.of(output));
        return report;
    }
}
