package dev.ktstr.vm;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.ktstr.Environment;
import dev.ktstr.os.Fd;
import dev.ktstr.os.Filesystems;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Whether guests run under KVM: on this machine since its last boot, for this user, with this QEMU. Kept as
 * {@code kvm-<uid>.json} beside the archives of {@link InitramfsCache}.
 *
 * @param bootId of the boot it was found out in
 * @param reason why not; empty if it works
 */
record KvmRecord(String bootId, String qemu, boolean works, String reason) {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int MOST_BYTES = 1 << 16;

    static KvmRecord working(Path qemu) throws IOException {
        return new KvmRecord(currentBoot(), identity(qemu), true, "");
    }

    static KvmRecord broken(Path qemu, String reason) throws IOException {
        return new KvmRecord(currentBoot(), identity(qemu), false, reason);
    }

    /** What is remembered; empty if there is nothing, or it is about another boot or another QEMU. */
    static Optional<KvmRecord> read(Environment environment, Path qemu) throws IOException {
        Optional<Fd> file = Fd.openIfPresent(file(environment));
        if (file.isEmpty()) {
            return Optional.empty();
        }
        try (Fd open = file.get()) {
            KvmRecord found = parse(open.readAll(MOST_BYTES));
            boolean isCurrent = found.bootId.equals(currentBoot()) && found.qemu.equals(identity(qemu));
            return isCurrent ? Optional.of(found) : Optional.empty();
        } catch (IOException garbage) {
            return Optional.empty();
        }
    }

    private static KvmRecord parse(byte[] bytes) throws IOException {
        Map<String, String> values = new HashMap<>();
        try (JsonParser json = JSON.createParser(bytes)) {
            if (json.nextToken() == JsonToken.START_OBJECT) {
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    String name = json.currentName();
                    if (json.nextToken().isScalarValue()) {
                        values.put(name, json.getText());
                    } else {
                        json.skipChildren();
                    }
                }
            }
        }
        return new KvmRecord(
                values.getOrDefault("boot_id", ""),
                values.getOrDefault("qemu", ""),
                Boolean.parseBoolean(values.get("works")),
                values.getOrDefault("reason", ""));
    }

    /**
     * Remembers it, if that is possible: a cache that cannot be written to costs the next process a probe.
     *
     * @return this
     */
    KvmRecord write(Environment environment) throws IOException {
        Path file = file(environment);
        Path next = file.resolveSibling(".tmp-" + file.getFileName() + "-" + environment.randomSuffix());
        byte[] json = json();
        try {
            Files.createDirectories(file.resolveSibling("."));
            try {
                Files.write(next, json, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                Filesystems.rename(next, file);
            } finally {
                Files.deleteIfExists(next);
            }
        } catch (IOException cannotBeKept) {
            return this;
        }
        return this;
    }

    private byte[] json() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("boot_id", bootId);
            json.writeStringField("qemu", qemu);
            json.writeBooleanField("works", works);
            json.writeStringField("reason", reason);
            json.writeEndObject();
            json.writeRaw('\n');
        }
        return bytes.toByteArray();
    }

    static Path file(Environment environment) throws IOException {
        Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        return InitramfsCache.root(environment).resolve("kvm-" + user + ".json");
    }

    private static String currentBoot() throws IOException {
        return Files.readString(Path.of("/proc/sys/kernel/random/boot_id"), StandardCharsets.US_ASCII)
                .strip();
    }

    /** An upgrade may mend it, or break it. */
    private static String identity(Path qemu) throws IOException {
        Path real = qemu.toRealPath();
        return Objects.toString(real) + " " + Files.size(real) + " "
                + Files.getLastModifiedTime(real).toMillis();
    }
}
