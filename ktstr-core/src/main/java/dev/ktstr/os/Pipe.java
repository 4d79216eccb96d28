package dev.ktstr.os;

import java.nio.file.Path;

/**
 * A pipe without a name, pipe(7). Another process can open the end that is written to by way of {@link Fd#procPath}.
 *
 * @param source what is read from; ends when nobody has {@code sink} open any more
 * @param sink what is written to
 */
public record Pipe(Fd source, Fd sink) implements AutoCloseable {
    private static final Path SHOWN = Path.of("pipe");

    public static Pipe create() throws OsException, NativeAccessException {
        LibC.require();
        int[] ends = new int[2];
        if (LibC.pipe2(ends, Constants.O_CLOEXEC) != 0) {
            throw LibC.failure("pipe2", null);
        }
        return new Pipe(Fd.of(ends[0], SHOWN), Fd.of(ends[1], SHOWN));
    }

    @Override
    public void close() throws OsException {
        try (source) {
            sink.close();
        }
    }
}
