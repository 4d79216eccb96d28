package dev.ktstr.cache;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code metadata.json} to and from {@link KernelMetadata}: with its helpers the one place that knows Jackson. */
final class MetadataCodec {
    private static final int MAX_NAME = 255; // NAME_MAX
    private static final String UNSUMMED = "0".repeat(64);
    private static final String SUM_FIELD = "\"metadata_sha256\": \"";

    private MetadataCodec() {}

    static KernelMetadata read(byte[] file) throws MetadataException {
        String text = JsonText.decode(file);
        JsonFields fields = new JsonFields(JsonText.parse(text), "");
        JsonNode jvm = fields.node("jvm");
        return new KernelMetadata(
                fields.text("version"),
                source(fields.required("source")),
                fields.requiredText("arch"),
                imageName(fields.requiredText("image_name")),
                fields.text("config_hash"),
                fields.requiredText("built_at"),
                fields.text("ktstr_kconfig_hash"),
                fields.text("extra_kconfig_hash"),
                fields.requiredFlag("has_vmlinux"),
                fields.requiredFlag("vmlinux_stripped"),
                fields.size("source_vmlinux_size"),
                fields.number("source_vmlinux_mtime_secs"),
                jvm == null ? null : details(new JsonFields(jvm, "jvm.")),
                text);
    }

    /** The file's bytes. {@code jvm.metadata_sha256} is computed here, whatever the record has. */
    static byte[] write(KernelMetadata metadata) throws IOException {
        ObjectNode before = metadata.json() == null ? JsonText.object() : JsonText.object(metadata.json());
        ObjectNode root = JsonText.object();
        root.put("version", metadata.version());
        root.set("source", source(before.get("source"), metadata.source()));
        root.put("arch", metadata.arch());
        root.put("image_name", metadata.imageName());
        root.put("config_hash", metadata.configHash());
        root.put("built_at", metadata.builtAt());
        root.put("ktstr_kconfig_hash", metadata.ktstrKconfigHash());
        root.put("extra_kconfig_hash", metadata.extraKconfigHash());
        root.put("has_vmlinux", metadata.hasVmlinux());
        root.put("vmlinux_stripped", metadata.vmlinuxStripped());
        root.put("source_vmlinux_size", metadata.sourceVmlinuxSize());
        root.put("source_vmlinux_mtime_secs", metadata.sourceVmlinuxMtimeSecs());
        StoredDetails jvm = metadata.jvm();
        if (jvm != null) {
            root.set("jvm", details(before.get("jvm"), jvm));
        }
        ObjectNode unknown = before.without(fieldNames(root));
        root.setAll(unknown);
        if (jvm == null) {
            return JsonText.render(root).getBytes(StandardCharsets.UTF_8);
        }
        String unsummed = JsonText.render(root);
        String sum = Checksums.sha256(unsummed.getBytes(StandardCharsets.UTF_8));
        return unsummed.replace(SUM_FIELD + UNSUMMED, SUM_FIELD + sum).getBytes(StandardCharsets.UTF_8);
    }

    /** Whether the file still has the bytes that {@code metadataSha256} was computed over. */
    static boolean isUnchanged(byte[] file, String metadataSha256) {
        String text = new String(file, StandardCharsets.ISO_8859_1); // one char per byte, so that every byte counts
        return Checksums.sha256(text.replace(SUM_FIELD + metadataSha256, SUM_FIELD + UNSUMMED)
                        .getBytes(StandardCharsets.ISO_8859_1))
                .equals(metadataSha256);
    }

    /** Whether it was read from a file of ours, by whatever name what we add was found in it. */
    static boolean hasSum(KernelMetadata metadata) {
        return metadata.json() != null && metadata.json().contains(SUM_FIELD);
    }

    private static List<String> fieldNames(ObjectNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** Whether a path from the file leads to somewhere in the entry, and nowhere else. */
    private static boolean isPlainRelative(String path) {
        return Stream.of(path.split("/", -1))
                .allMatch(name -> !name.equals("..") && isFileName(name.replace("..", "_")));
    }

    /** Whether it is one name that this JVM can make a path of. */
    private static boolean isFileName(String name) {
        try {
            return !name.isEmpty()
                    && !name.contains("/")
                    && !name.contains("\\")
                    && !name.contains("..")
                    && !name.equals(".")
                    && name.getBytes(StandardCharsets.UTF_8).length <= MAX_NAME
                    && Path.of(name).getNameCount() == 1;
        } catch (InvalidPathException notHere) {
            return false;
        }
    }

    private static String imageName(String name) throws MetadataException {
        boolean ours = name.equals(KernelFamily.METADATA)
                || name.equals(KernelFamily.VMLINUX)
                || name.equals(KernelFamily.CONFIG)
                || name.equals(KernelFamily.MODULES);
        if (ours || !isFileName(name)) {
            throw new MetadataException(
                    ErrorKind.SCHEMA_DRIFT, "image_name \"" + name + "\" is not the name of a boot image in the entry");
        }
        return name;
    }

    private static KernelSource source(JsonNode node) throws MetadataException {
        JsonFields fields = new JsonFields(node, "source.");
        String type = fields.requiredText("type");
        return switch (type) {
            case "tarball" -> new KernelSource.Tarball();
            case "git" -> new KernelSource.Git(fields.text("git_hash"), fields.text("ref"));
            case "local" -> new KernelSource.Local(fields.text("source_tree_path"), fields.text("git_hash"));
            default -> new KernelSource.Other(type, node.toString());
        };
    }

    /** The JSON of a source. */
    static String json(KernelSource source) {
        try {
            return source(JsonText.object(), source).toString();
        } catch (IOException impossible) {
            throw new IllegalStateException("the text of " + source + " was JSON when it was read", impossible);
        }
    }

    /** The JSON of a source, with what {@code before} has and we do not know, if that is of the same type. */
    private static ObjectNode source(@Nullable JsonNode before, KernelSource source) throws IOException {
        if (source instanceof KernelSource.Other other) {
            return JsonText.object(other.json());
        }
        ObjectNode node = before instanceof ObjectNode known ? known.deepCopy() : JsonText.object();
        if (!node.path("type").asText().equals(source.type())) {
            node.removeAll();
        }
        node.put("type", source.type());
        if (source instanceof KernelSource.Git git) {
            node.put("git_hash", git.gitHash()).put("ref", git.ref());
        } else if (source instanceof KernelSource.Local local) {
            node.put("source_tree_path", local.sourceTreePath()).put("git_hash", local.gitHash());
        }
        return node;
    }

    private static StoredDetails details(JsonFields fields) throws MetadataException {
        List<PackageId> packages = new ArrayList<>();
        for (JsonFields id : fields.requiredList("packages")) {
            packages.add(new PackageId(
                    id.requiredText("name"),
                    id.requiredText("version"),
                    id.requiredText("arch"),
                    id.requiredText("sha256")));
        }
        SortedMap<String, String> files = new TreeMap<>();
        JsonFields sums = fields.requiredFields("files");
        for (String name : sums.names()) {
            if (!isPlainRelative(name)) {
                throw new MetadataException(
                        ErrorKind.SCHEMA_DRIFT,
                        "jvm.files has \"" + name + "\", which is not the path of a stored file");
            }
            files.put(name, sums.requiredText(name));
        }
        return new StoredDetails(
                fields.requiredText("stored_by"),
                fields.requiredText("release"),
                fields.requiredText("image_sha256"),
                fields.requiredSize("image_size"),
                fields.text("vmlinux_sha256"),
                fields.size("vmlinux_size"),
                fields.text("source_vmlinux_build_id"),
                fields.text("source_vmlinux_kept_sha256"),
                fields.text("strip"),
                fields.requiredText("modules"),
                List.copyOf(packages),
                files,
                fields.requiredText("metadata_sha256"));
    }

    private static ObjectNode details(@Nullable JsonNode before, StoredDetails jvm) {
        ObjectNode node = before instanceof ObjectNode known ? known.deepCopy() : JsonText.object();
        node.put("stored_by", jvm.storedBy());
        node.put("release", jvm.release());
        node.put("image_sha256", jvm.imageSha256());
        node.put("image_size", jvm.imageSize());
        node.put("vmlinux_sha256", jvm.vmlinuxSha256());
        node.put("vmlinux_size", jvm.vmlinuxSize());
        node.put("source_vmlinux_build_id", jvm.sourceVmlinuxBuildId());
        node.put("source_vmlinux_kept_sha256", jvm.sourceVmlinuxKeptSha256());
        node.put("strip", jvm.strip());
        node.put("modules", jvm.modules());
        JsonNode packagesBefore = node.path("packages");
        ArrayNode packages = node.putArray("packages");
        for (PackageId each : jvm.packages()) {
            packages.add(packageBefore(packagesBefore, each)
                    .put("name", each.name())
                    .put("version", each.version())
                    .put("arch", each.arch())
                    .put("sha256", each.sha256()));
        }
        ObjectNode files = node.putObject("files");
        jvm.files().forEach(files::put);
        node.put("metadata_sha256", UNSUMMED);
        return node;
    }

    /** What was recorded of the same package file, with what we do not know of it. */
    private static ObjectNode packageBefore(JsonNode before, PackageId id) {
        for (JsonNode each : before) {
            if (each instanceof ObjectNode known
                    && known.path("sha256").asText().equals(id.sha256())) {
                return known.deepCopy();
            }
        }
        return JsonText.object();
    }
}
