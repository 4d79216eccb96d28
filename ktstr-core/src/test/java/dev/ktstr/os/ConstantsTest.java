package dev.ktstr.os;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Platform;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConstantsTest {
    /** Those that are not called in C as they are here. */
    private static final Map<String, String> IN_C = Map.ofEntries(
            Map.entry("STATX_SIZE", "sizeof(struct statx)"),
            Map.entry("STATX_UID", "offsetof(struct statx, stx_uid)"),
            Map.entry("STATX_GID", "offsetof(struct statx, stx_gid)"),
            Map.entry("STATX_MODE", "offsetof(struct statx, stx_mode)"),
            Map.entry("STATX_INO", "offsetof(struct statx, stx_ino)"),
            Map.entry("STATX_FILE_SIZE", "offsetof(struct statx, stx_size)"),
            Map.entry("STATX_BLOCKS", "offsetof(struct statx, stx_blocks)"),
            Map.entry("STATX_MTIME_SEC", "offsetof(struct statx, stx_mtime.tv_sec)"),
            Map.entry("STATX_MTIME_NSEC", "offsetof(struct statx, stx_mtime.tv_nsec)"),
            Map.entry("STATX_DEV_MAJOR", "offsetof(struct statx, stx_dev_major)"),
            Map.entry("STATX_DEV_MINOR", "offsetof(struct statx, stx_dev_minor)"),
            Map.entry("DIRENT_LENGTH", "offsetof(struct dirent64, d_reclen)"),
            Map.entry("DIRENT_NAME", "offsetof(struct dirent64, d_name)"),
            Map.entry("FILE_CLONE_RANGE_SIZE", "sizeof(struct file_clone_range)"),
            Map.entry("STATFS_TYPE", "offsetof(struct statfs, f_type)"));

    private static final List<String> STATX_WIDTHS = List.of(
            "sizeof(((struct statx *) 0)->stx_uid)",
            "sizeof(((struct statx *) 0)->stx_gid)",
            "sizeof(((struct statx *) 0)->stx_mode)",
            "sizeof(((struct statx *) 0)->stx_ino)",
            "sizeof(((struct statx *) 0)->stx_size)",
            "sizeof(((struct statx *) 0)->stx_blocks)",
            "sizeof(((struct statx *) 0)->stx_mtime.tv_sec)",
            "sizeof(((struct statx *) 0)->stx_dev_major)",
            "sizeof(((struct statx *) 0)->stx_dev_minor)",
            "sizeof(((struct statfs *) 0)->f_type)");

    private static Map<String, Long> numbers() throws IllegalAccessException {
        Map<String, Long> numbers = new LinkedHashMap<>();
        for (Field field : Constants.class.getDeclaredFields()) {
            if (field.getType() == int.class || field.getType() == long.class) {
                field.setAccessible(true);
                numbers.put(field.getName(), ((Number) field.get(null)).longValue());
            }
        }
        return numbers;
    }

    @Tag("gcc")
    @ParameterizedTest
    @CsvSource({"x86-64, gcc", "aarch64, aarch64-linux-gnu-gcc"})
    void everyNumberIsThatOfTheHeaders(String architecture, String compiler, @TempDir Path scratch) throws Exception {
        Map<String, Long> ours = numbers();
        ours.remove("STATFS_SIZE"); // a buffer, see below
        Map<String, Long> expected = new LinkedHashMap<>();
        ours.forEach((name, value) -> expected.put(IN_C.getOrDefault(name, name), value));
        Constants.OpenFlags flags = Objects.requireNonNull(Constants.OPEN_FLAGS.get(architecture));
        expected.put("O_DIRECTORY", (long) flags.directory());
        expected.put("O_NOFOLLOW", (long) flags.noFollow());
        expected.put("O_TMPFILE", (long) flags.tmpfile());
        expected.put(
                "SYS_getdents64",
                Objects.requireNonNull(Constants.GETDENTS64.get(architecture)).longValue());
        for (Errno errno : Errno.values()) {
            if (errno != Errno.OTHER) {
                expected.put(errno.name(), (long) errno.number());
            }
        }

        assertThat(HeaderValues.of(compiler(compiler), scratch, List.copyOf(expected.keySet())))
                .containsExactlyInAnyOrderEntriesOf(expected);
    }

    @Tag("gcc")
    @ParameterizedTest
    @CsvSource({"gcc", "aarch64-linux-gnu-gcc"})
    void fieldsHaveTheWidthsThatAreReadAndBuffersAreLargeEnough(String compiler, @TempDir Path scratch)
            throws Exception {
        List<String> questions = new ArrayList<>(STATX_WIDTHS);
        questions.addAll(List.of("sizeof(struct statfs)", "EWOULDBLOCK", "EINTR"));
        Map<String, Long> answers = HeaderValues.of(compiler(compiler), scratch, questions);

        assertThat(STATX_WIDTHS.stream().map(answers::get)).containsExactly(4L, 4L, 2L, 8L, 8L, 8L, 8L, 4L, 4L, 8L);
        assertThat(answers.get("sizeof(struct statfs)")).isPositive().isLessThanOrEqualTo(Constants.STATFS_SIZE);
        assertThat(answers).containsEntry("EWOULDBLOCK", (long) Errno.EAGAIN.number());
    }

    /** The plain gcc is that of this machine, which may be the other one. */
    private static String compiler(String compiler) {
        return compiler.equals("gcc") && Platform.ARCH.equals("aarch64") ? "x86_64-linux-gnu-gcc" : compiler;
    }

    @Test
    void bothArchitecturesAreKnownAndNoOther() {
        assertThat(Constants.knows("x86-64")).isTrue();
        assertThat(Constants.knows("aarch64")).isTrue();
        assertThat(Constants.knows("riscv64")).isFalse();
        assertThat(Constants.knows("x86")).isFalse();
    }

    @Test
    void theFlagsInUseAreThoseOfThisMachine() {
        assertThat(Constants.openFlags()).isEqualTo(Constants.OPEN_FLAGS.get(Platform.ARCH));
    }

    @Test
    void noErrnoNumberIsThereTwiceAndEachIsFound() {
        assertThat(Arrays.stream(Errno.values()).map(Errno::number)).doesNotHaveDuplicates();
        for (Errno errno : Errno.values()) {
            assertThat(Errno.of(errno.number())).isEqualTo(errno);
        }
        assertThat(Errno.of(4095)).isEqualTo(Errno.OTHER);
        assertThat(Errno.of(0)).isEqualTo(Errno.OTHER);
    }

    @Test
    void theMachineIsCalledAsUnameCallsIt() throws Exception {
        Process uname = new ProcessBuilder("uname", "-m").start();
        String name = new String(uname.getInputStream().readAllBytes(), UTF_8);

        assertThat(Machine.arch()).isEqualTo(name.strip());
    }
}
