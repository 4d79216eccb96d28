package dev.ktstr.os;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** What the C headers of an architecture say, read off the assembly that its compiler makes: nothing has to run there. */
public final class HeaderValues {
    private static final String HEADERS = """
            #define _GNU_SOURCE
            #include <dirent.h>
            #include <errno.h>
            #include <fcntl.h>
            #include <stddef.h>
            #include <stdio.h>
            #include <poll.h>
            #include <sys/file.h>
            #include <sys/inotify.h>
            #include <sys/stat.h>
            #include <sys/syscall.h>
            #include <sys/vfs.h>
            #include <linux/fs.h>
            #include <linux/magic.h>
            """;

    /** Added to every value, so that none is zero: those are written in other ways. */
    private static final long MARK = 1L << 40;

    private static final Pattern VALUE = Pattern.compile("^\\s*\\.(?:quad|xword|8byte|dword)\\s+(-?[0-9]+)\\s*$");

    private HeaderValues() {}

    /**
     * The values of C expressions. Aborts the test if there is no such compiler.
     *
     * @param compiler such as {@code aarch64-linux-gnu-gcc}
     */
    public static Map<String, Long> of(String compiler, Path scratch, List<String> expressions)
            throws IOException, InterruptedException {
        StringBuilder program = new StringBuilder(HEADERS).append("const long long values[] = {\n");
        for (String expression : expressions) {
            program.append("    (long long) (")
                    .append(expression)
                    .append(") + ")
                    .append(MARK)
                    .append("LL,\n");
        }
        Path source = Files.writeString(scratch.resolve("values.c"), program.append("};\n"));
        Path assembly = scratch.resolve("values.s");
        compile(compiler, source, assembly);
        List<Long> values = new ArrayList<>();
        for (String line : Files.readAllLines(assembly, UTF_8)) {
            Matcher value = VALUE.matcher(line);
            if (value.matches()) {
                values.add(Long.parseLong(value.group(1)) - MARK);
            }
        }
        if (values.size() != expressions.size()) {
            throw new IOException(compiler + " wrote " + values.size() + " values for " + expressions.size()
                    + " expressions:\n" + Files.readString(assembly));
        }
        Map<String, Long> byExpression = new LinkedHashMap<>();
        for (int i = 0; i < values.size(); i++) {
            byExpression.put(expressions.get(i), values.get(i));
        }
        return byExpression;
    }

    private static void compile(String compiler, Path source, Path assembly) throws IOException, InterruptedException {
        Process gcc;
        try {
            gcc = new ProcessBuilder(compiler, "-S", "-o", assembly.toString(), source.toString())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException noCompiler) {
            Assumptions.abort("there is no " + compiler + " here (Debian: apt-get install "
                    + (compiler.startsWith("aarch64") ? "gcc-aarch64-linux-gnu libc6-dev-arm64-cross" : "gcc libc6-dev")
                    + "): " + noCompiler.getMessage());
            return;
        }
        gcc.getOutputStream().close();
        String output = new String(gcc.getInputStream().readAllBytes(), UTF_8);
        if (!gcc.waitFor(60, TimeUnit.SECONDS) || gcc.exitValue() != 0) {
            gcc.destroyForcibly();
            throw new IOException(compiler + " failed:\n" + output);
        }
    }
}
