package dev.ktstr.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvmRecordTest {
    @TempDir
    Path directory;

    private Environment environment;
    private Path qemu;
    private Path file;

    @BeforeEach
    void prepare() throws IOException {
        environment = Environment.of(
                Map.of("KTSTR_CACHE_DIR", directory.resolve("cache").toString()), null);
        qemu = Files.writeString(directory.resolve("qemu"), "program");
        file = KvmRecord.file(environment);
    }

    @Test
    void whatWasWrittenIsReadAndNothingElseIsLeft() throws Exception {
        assertThat(KvmRecord.read(environment, qemu)).isEmpty();
        KvmRecord broken = KvmRecord.broken(qemu, "it \"hangs\"\n");
        broken.write(environment);
        assertThat(KvmRecord.read(environment, qemu)).contains(broken);
        KvmRecord working = KvmRecord.working(qemu);
        working.write(environment);
        assertThat(KvmRecord.read(environment, qemu)).contains(working);
        assertThat(file.getParent()).isEqualTo(directory.resolve("cache/.initramfs"));
        try (Stream<Path> all = Files.list(directory.resolve("cache/.initramfs"))) {
            assertThat(all).containsExactly(file);
        }
    }

    @Test
    void eachUserHasAFileOfItsOwn() throws Exception {
        assertThat(file.getFileName().toString())
                .isEqualTo("kvm-" + Files.getAttribute(Path.of("/proc/self"), "unix:uid") + ".json");
        KvmRecord.working(qemu).write(environment);
        Files.move(file, file.resolveSibling("kvm-4294967294.json"));
        assertThat(KvmRecord.read(environment, qemu)).isEmpty();
    }

    @Test
    void itHoldsForThisBootAndThisQemuOnly() throws Exception {
        KvmRecord.working(qemu).write(environment);
        String right = Files.readString(file);
        Files.writeString(file, right.replaceFirst("\"boot_id\":\"[^\"]+\"", "\"boot_id\":\"of another boot\""));
        assertThat(KvmRecord.read(environment, qemu)).isEmpty();
        Files.writeString(file, right);
        assertThat(KvmRecord.read(environment, qemu)).isPresent();
        Files.writeString(qemu, "an upgraded program");
        assertThat(KvmRecord.read(environment, qemu)).isEmpty();
    }

    @Test
    void garbageIsAsGoodAsNothing() throws Exception {
        Files.createDirectories(directory.resolve("cache/.initramfs"));
        for (String garbage :
                new String[] {"", "{", "[]", "nonsense", "{\"works\":true}", "{\"works\":[1,{\"a\":2}]}", "{\"works\""
                }) {
            Files.writeString(file, garbage);
            assertThat(KvmRecord.read(environment, qemu)).as(garbage).isEmpty();
        }
        Files.write(file, new byte[1 << 18]);
        assertThat(KvmRecord.read(environment, qemu)).isEmpty();
    }

    @Test
    void fieldsOfALaterVersionArePassedOver() throws Exception {
        KvmRecord.working(qemu).write(environment);
        Files.writeString(
                file, Files.readString(file).replaceFirst("\\{", "{\"more\":{\"works\":false},\"some\":[1,2],"));
        assertThat(KvmRecord.read(environment, qemu)).contains(KvmRecord.working(qemu));
    }

    @Test
    void whereNothingCanBeWrittenNothingIsRemembered() throws Exception {
        Files.writeString(directory.resolve("cache"), "a file in the way");
        KvmRecord.working(qemu).write(environment);
    }
}
