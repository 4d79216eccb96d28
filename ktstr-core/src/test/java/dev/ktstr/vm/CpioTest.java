package dev.ktstr.vm;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpioTest {
    @TempDir
    Path directory;

    /** A member as Documentation/driver-api/early-userspace/buffer-format.rst lays it out; shares no code with what it tests. */
    private record Member(String name, List<Integer> fields, String content) {
        int inode() {
            return fields.get(0);
        }

        String mode() {
            return Integer.toOctalString(fields.get(1));
        }

        int time() {
            return fields.get(5);
        }

        String device() {
            return fields.get(9) + ":" + fields.get(10);
        }
    }

    private interface Content {
        void writeTo(Cpio cpio) throws IOException;
    }

    private static byte[] archive(Content content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Cpio cpio = new Cpio(bytes);
        content.writeTo(cpio);
        cpio.end();
        return bytes.toByteArray();
    }

    private static Map<String, Member> read(byte[] archive) {
        Map<String, Member> members = new LinkedHashMap<>();
        int at = 0;
        while (true) {
            assertThat(at % 4).isZero();
            assertThat(new String(archive, at, 6, US_ASCII)).isEqualTo("070701");
            List<Integer> fields = new ArrayList<>();
            for (int i = 0; i < 13; i++) {
                fields.add(Integer.parseUnsignedInt(new String(archive, at + 6 + 8 * i, 8, US_ASCII), 16));
            }
            int nameAt = at + 110;
            int nameSize = fields.get(11);
            assertThat(archive[nameAt + nameSize - 1]).isZero();
            String name = new String(archive, nameAt, nameSize - 1, UTF_8);
            int contentAt = nameAt + nameSize + 3 & ~3;
            String content = new String(archive, contentAt, fields.get(6), UTF_8);
            at = contentAt + fields.get(6) + 3 & ~3;
            if (name.equals("TRAILER!!!")) {
                assertThat(at).isEqualTo(archive.length);
                return members;
            }
            assertThat(members.put(name, new Member(name, fields, content))).isNull();
        }
    }

    @Test
    void everythingIsThereInOrderAndAlignedWhateverItsLength() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "from a file");
        Map<String, Member> members = read(archive(cpio -> {
            cpio.directory("/tmp");
            cpio.file("/usr/bin/tool", Cpio.PROGRAM, file);
            for (int length = 0; length < 9; length++) {
                cpio.file(
                        "f".repeat(length + 1),
                        Cpio.READ_ONLY,
                        "x".repeat(length).getBytes(UTF_8));
            }
            cpio.file("/etc/größe", 04755, new byte[0]);
            cpio.link("bin/sh", "/bin/busybox");
            cpio.characterDevice("dev/console", 5, 1);
        }));
        assertThat(members.keySet())
                .startsWith("tmp", "usr", "usr/bin", "usr/bin/tool", "f", "ff")
                .endsWith("etc", "etc/größe", "bin", "bin/sh", "dev", "dev/console");
        assertThat(member(members, "tmp").mode()).isEqualTo("41777");
        assertThat(member(members, "usr").mode()).isEqualTo("40755");
        assertThat(member(members, "usr/bin/tool").mode()).isEqualTo("100755");
        assertThat(member(members, "usr/bin/tool").content()).isEqualTo("from a file");
        assertThat(member(members, "etc/größe").mode()).isEqualTo("104755");
        assertThat(member(members, "bin/sh").mode()).isEqualTo("120777");
        assertThat(member(members, "bin/sh").content()).isEqualTo("/bin/busybox");
        assertThat(member(members, "dev/console").mode()).isEqualTo("20600");
        assertThat(member(members, "dev/console").device()).isEqualTo("5:1");
        for (int length = 0; length < 9; length++) {
            assertThat(member(members, "f".repeat(length + 1)).content()).hasSize(length);
        }
        assertThat(members.values().stream().map(Member::inode)).doesNotHaveDuplicates();
    }

    private static Member member(Map<String, Member> members, String name) {
        Member member = members.get(name);
        if (member == null) {
            throw new AssertionError("there is no " + name);
        }
        return member;
    }

    @Test
    void equalContentMakesEqualBytesWheneverItIsWritten() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "content");
        Content content = cpio -> {
            cpio.file("a/b", Cpio.READ_ONLY, file);
            cpio.directory("a");
        };
        byte[] first = archive(content);
        Files.setLastModifiedTime(file, FileTime.fromMillis(12345));
        assertThat(archive(content)).isEqualTo(first);
        assertThat(read(first).values()).allMatch(member -> member.time() == 0);
        assertThat(read(first)).containsOnlyKeys("a", "a/b");
    }

    @Test
    void aFileThatIsNotThereOrChangesIsAnError() throws Exception {
        assertThatThrownBy(() -> archive(cpio -> cpio.file("x", Cpio.READ_ONLY, directory.resolve("absent"))))
                .isInstanceOf(NoSuchFileException.class);
        // Its size is 0, and yet there is something in it.
        Path growing = Path.of("/proc/self/stat");
        assertThatThrownBy(() -> archive(cpio -> cpio.file("x", Cpio.READ_ONLY, growing)))
                .hasMessageContaining("/proc/self/stat changed while it was read: it had 0 bytes, then");
    }
}
