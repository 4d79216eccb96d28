package dev.ktstr.maven.packages;

import dev.ktstr.Printable;
import dev.ktstr.cache.Modules;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Debian packages. What is tried again here is what fuzzing has found; the fuzzer is part of the reliability suite (the
 * campaign {@code fuzz}). An input is a package, or after one letter a part of one: t for a tar archive whose checksums are
 * to be mended, g, x and z for a compressed one, c for a control file. So a change in it comes through to where it is read.
 */
public final class PackageFuzzTest {
    private static final long LONGEST_NANOS = 1_000_000_000;
    private static final Path SCRATCH = scratch();

    static Stream<Path> corpus() throws Exception {
        Class<?> here = PackageFuzzTest.class;
        URI directory = Objects.requireNonNull(here.getResource(here.getSimpleName()), "a corpus")
                .toURI();
        try (Stream<Path> files = Files.list(Path.of(directory))) {
            return files.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void isReadOrRefused(Path input) throws Exception {
        fuzzerTestOneInput(Files.readAllBytes(input));
    }

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        byte[] part = Arrays.copyOfRange(input, Math.min(1, input.length), input.length);
        Debs whole = Debs.named("linux-image-test");
        byte[] deb = switch (input.length == 0 ? 0 : (char) input[0]) {
            case 't' -> whole.data(mended(part)).bytes();
            case 'g' -> whole.member("data.tar.gz", part).bytes();
            case 'x' -> whole.member("data.tar.xz", part).bytes();
            case 'z' -> whole.member("data.tar.zst", part).bytes();
            case 'c' ->
                Debs.withControl(new String(part, StandardCharsets.UTF_8))
                        .data(new Tars().end())
                        .bytes();
            default -> input;
        };
        // The first in a JVM pays for what is loaded: it has a second chance.
        if (nanos(deb) >= LONGEST_NANOS) {
            check(nanos(deb) < LONGEST_NANOS, "more than a second for one input");
        }
    }

    private static long nanos(byte[] deb) throws IOException {
        long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        read(deb);
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("does not hold: " + what);
        }
    }

    private static void read(byte[] deb) throws IOException {
        Path file = Files.write(SCRATCH.resolve("x.deb"), deb);
        Path fresh = Files.createDirectories(SCRATCH.resolve("unpacked"));
        try (KernelPackages packages = KernelPackages.open(List.of(file), (what, done, total) -> {})) {
            packages.ids().forEach(id -> check(!id.name().isEmpty(), "a package has a name"));
            try (InputStream image = packages.openImage()) {
                image.transferTo(OutputStream.nullOutputStream());
            }
            packages.provide(fresh, Modules.ALL);
        } catch (PackageException refused) {
            check(
                    refused.problem().startsWith("unpacking x.deb: ")
                            && refused.problem().equals(Printable.text(refused.problem())),
                    "the refusal says of what, on one line: " + refused.problem());
        } finally {
            delete(fresh);
        }
    }

    /** With the checksum that each header should have. */
    static byte[] mended(byte[] tar) {
        for (int at = 0; at + Tars.RECORD <= tar.length; at += Tars.RECORD) {
            if (tar[at] == 0) {
                continue;
            }
            Arrays.fill(tar, at + 148, at + 156, (byte) ' ');
            int sum = 0;
            for (int i = at; i < at + Tars.RECORD; i++) {
                sum += Byte.toUnsignedInt(tar[i]);
            }
            byte[] digits = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(digits, 0, tar, at + 148, digits.length);
        }
        return tar;
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private static Path scratch() {
        try {
            Path memory = Path.of("/dev/shm");
            Path scratch = Files.isWritable(memory)
                    ? Files.createTempDirectory(memory, "ktstr-fuzz")
                    : Files.createTempDirectory("ktstr-fuzz");
            scratch.toFile().deleteOnExit();
            scratch.resolve("x.deb").toFile().deleteOnExit();
            return scratch;
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
