package dev.ktstr.cache;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.cache.KernelMetadata.KconfigStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataCodecTest {
    private static final long SEED = Long.getLong("ktstr.seed", 20261121);
    private static final String A64 = "a".repeat(64);
    private static final String B64 = "b".repeat(64);

    /** As the original writes it, with all that is optional null. */
    private static final String ORIGINAL = """
            {
              "version": null,
              "source": {
                "type": "tarball"
              },
              "arch": "x86_64",
              "image_name": "bzImage",
              "config_hash": null,
              "built_at": "2026-04-12T10:00:00Z",
              "ktstr_kconfig_hash": null,
              "extra_kconfig_hash": null,
              "has_vmlinux": false,
              "vmlinux_stripped": false,
              "source_vmlinux_size": null,
              "source_vmlinux_mtime_secs": null
            }
            """;

    private static final List<String> FIELDS = List.of(
            "version",
            "source",
            "arch",
            "image_name",
            "config_hash",
            "built_at",
            "ktstr_kconfig_hash",
            "extra_kconfig_hash",
            "has_vmlinux",
            "vmlinux_stripped",
            "source_vmlinux_size",
            "source_vmlinux_mtime_secs");

    private static KernelMetadata metadata(KernelSource source, @Nullable StoredDetails jvm) {
        return new KernelMetadata(
                "6.1.192",
                source,
                "x86_64",
                "bzImage",
                "0123abcd",
                "2026-04-12T10:00:00Z",
                "deadbeef",
                "",
                true,
                true,
                590_348_288L,
                1_775_988_000L,
                jvm,
                null);
    }

    private static StoredDetails details() {
        TreeMap<String, String> files = new TreeMap<>();
        files.put("modules/000-virtio.ko", B64);
        files.put("config", A64);
        return new StoredDetails(
                "ktstr-java 0.1.0",
                "6.1.0-56-cloud-amd64",
                A64,
                14_000_000,
                B64,
                12_500_000L,
                "0011223344556677889900112233445566778899",
                null,
                "keep-list",
                "boot",
                List.of(new PackageId("linux-image-6.1.0-56-cloud-amd64", "6.1.192-1", "amd64", A64)),
                files,
                null);
    }

    private static String text(KernelMetadata metadata) throws Exception {
        return new String(MetadataCodec.write(metadata), UTF_8);
    }

    private static KernelMetadata read(String text) throws MetadataException {
        return MetadataCodec.read(text.getBytes(UTF_8));
    }

    private static KernelMetadata roundTrip(KernelMetadata metadata) throws Exception {
        return MetadataCodec.read(MetadataCodec.write(metadata));
    }

    private static String reason(byte[] file) {
        return assertThatExceptionOfType(MetadataException.class)
                .isThrownBy(() -> MetadataCodec.read(file))
                .actual()
                .reason();
    }

    private static void assertRefused(String text, ErrorKind kind) {
        String reason = reason(text.getBytes(UTF_8));
        assertThat(ErrorKind.of(reason))
                .as("%s: %s", text.length() < 500 ? text : text.length() + " characters", reason)
                .isEqualTo(kind);
    }

    private static String with(String field, String json) {
        return field(field).replaceFirst("$1" + Matcher.quoteReplacement(json));
    }

    private static Matcher field(String name) {
        Matcher field =
                Pattern.compile("(\"" + name + "\": )([^,{\\n]+|\\{[^}]*})").matcher(ORIGINAL);
        assertThat(field.find()).as("there is a field %s", name).isTrue();
        return field;
    }

    private static String without(String field) {
        String changed = Pattern.compile(",?\\s*\"" + field + "\": ([^,{\\n]+|\\{[^}]*})")
                .matcher(ORIGINAL)
                .replaceFirst("")
                .replaceFirst("^\\{,", "{");
        assertThat(changed).as("there is a field %s", field).isNotEqualTo(ORIGINAL);
        return changed;
    }

    private static List<String> topLevelFields(String text) {
        return Pattern.compile("^ {2}\"([^\"]+)\": ", Pattern.MULTILINE)
                .matcher(text)
                .results()
                .map(field -> field.group(1))
                .toList();
    }

    // Text

    @Test
    void oursIsWrittenExactlyLikeThis() throws Exception {
        String written = text(metadata(new KernelSource.Local("/home/me/linux", "a1b2c3d"), details()));
        String sum = Objects.requireNonNull(
                Objects.requireNonNull(read(written).jvm()).metadataSha256());

        assertThat(written).isEqualTo("""
                        {
                          "version": "6.1.192",
                          "source": {
                            "type": "local",
                            "source_tree_path": "/home/me/linux",
                            "git_hash": "a1b2c3d"
                          },
                          "arch": "x86_64",
                          "image_name": "bzImage",
                          "config_hash": "0123abcd",
                          "built_at": "2026-04-12T10:00:00Z",
                          "ktstr_kconfig_hash": "deadbeef",
                          "extra_kconfig_hash": "",
                          "has_vmlinux": true,
                          "vmlinux_stripped": true,
                          "source_vmlinux_size": 590348288,
                          "source_vmlinux_mtime_secs": 1775988000,
                          "jvm": {
                            "stored_by": "ktstr-java 0.1.0",
                            "release": "6.1.0-56-cloud-amd64",
                            "image_sha256": "%1$s",
                            "image_size": 14000000,
                            "vmlinux_sha256": "%2$s",
                            "vmlinux_size": 12500000,
                            "source_vmlinux_build_id": "0011223344556677889900112233445566778899",
                            "source_vmlinux_kept_sha256": null,
                            "strip": "keep-list",
                            "modules": "boot",
                            "packages": [
                              {
                                "name": "linux-image-6.1.0-56-cloud-amd64",
                                "version": "6.1.192-1",
                                "arch": "amd64",
                                "sha256": "%1$s"
                              }
                            ],
                            "files": {
                              "config": "%1$s",
                              "modules/000-virtio.ko": "%2$s"
                            },
                            "metadata_sha256": "%3$s"
                          }
                        }
                        """.formatted(A64, B64, sum));
    }

    @Test
    void theOriginalsTextComesOutAsItWentIn() throws Exception {
        assertThat(text(read(ORIGINAL))).isEqualTo(ORIGINAL);
    }

    @Test
    void allThatIsOptionalIsWrittenAsNull() throws Exception {
        KernelMetadata bare = new KernelMetadata(
                null,
                new KernelSource.Tarball(),
                "x86_64",
                "bzImage",
                null,
                "2026-04-12T10:00:00Z",
                null,
                null,
                false,
                false,
                null,
                null,
                null,
                null);

        assertThat(text(bare)).isEqualTo(ORIGINAL);
    }

    @Test
    void absentOptionalFieldsReadAsNullAndEmptyTextStaysEmpty() throws Exception {
        for (String field : List.of(
                "version",
                "config_hash",
                "ktstr_kconfig_hash",
                "extra_kconfig_hash",
                "source_vmlinux_size",
                "source_vmlinux_mtime_secs")) {
            KernelMetadata metadata = read(without(field));
            assertThat(metadata)
                    .usingRecursiveComparison()
                    .ignoringFields("json")
                    .isEqualTo(read(ORIGINAL));
        }
        assertThat(read(with("config_hash", "\"\"")).configHash()).isEmpty();
    }

    @Test
    void fieldsKeepTheirOrderAlsoWhereTheFileHadFewerOrOthers() throws Exception {
        String shuffled = "{\"arch\": \"x86_64\", \"source\": {\"type\": \"tarball\"}, \"has_vmlinux\": false,"
                + " \"mine\": 1, \"vmlinux_stripped\": false, \"image_name\": \"bzImage\","
                + " \"built_at\": \"x\"}";

        assertThat(topLevelFields(text(read(without("version"))))).containsExactlyElementsOf(FIELDS);
        assertThat(topLevelFields(text(read(shuffled))))
                .filteredOn(field -> !field.equals("mine"))
                .containsExactlyElementsOf(FIELDS);
    }

    @Test
    void emptyListsAndObjectsAreWrittenAsTheOriginalDoes() throws Exception {
        String text = ORIGINAL.replace("\n}", ",\n  \"mine\": [],\n  \"more\": {}\n}");

        assertThat(text(read(text))).isEqualTo(text);
    }

    // Sources

    static List<KernelSource> sources() {
        return List.of(
                new KernelSource.Tarball(),
                new KernelSource.Git("a1b2c3d", "v6.14"),
                new KernelSource.Git(null, null),
                new KernelSource.Local("/home/me/größe \"x\"\\y", "a1b2c3d"),
                new KernelSource.Local(null, null),
                new KernelSource.Other(
                        "localpackage", "{\"type\":\"localpackage\",\"packages\":[\"a\",{\"b\":1.10}]}"));
    }

    @ParameterizedTest
    @MethodSource("sources")
    void everySourceComesBack(KernelSource source) throws Exception {
        for (StoredDetails jvm : new StoredDetails[] {null, details()}) {
            KernelMetadata before = metadata(source, jvm);
            KernelMetadata after = roundTrip(before);

            assertThat(after.source()).isEqualTo(source);
            assertThat(after)
                    .usingRecursiveComparison()
                    .ignoringFields("json", "jvm.metadataSha256")
                    .isEqualTo(before);
            assertThat(MetadataCodec.write(after)).isEqualTo(MetadataCodec.write(before));
        }
    }

    @Test
    void sourcesHaveTheOriginalsJson() {
        assertThat(new KernelSource.Tarball().json()).isEqualTo("{\"type\":\"tarball\"}");
        assertThat(new KernelSource.Git("a1b2c3d", null).json())
                .isEqualTo("{\"type\":\"git\",\"git_hash\":\"a1b2c3d\",\"ref\":null}");
        assertThat(new KernelSource.Local("/x", null).json())
                .isEqualTo("{\"type\":\"local\",\"source_tree_path\":\"/x\",\"git_hash\":null}");
        assertThat(new KernelSource.Git(null, null).type()).isEqualTo("git");
        assertThat(new KernelSource.Local(null, null).sourceTree()).isEmpty();
        assertThat(new KernelSource.Local("/x", null).sourceTree()).contains(Path.of("/x"));
    }

    @Test
    void aSourceOfAKindThatWeDoNotKnowSurvivesWithAllThatIsInIt() throws Exception {
        String source = "{\"type\":\"distropackage\",\"distro\":{\"id\":\"debian\",\"v\":[12,12.10,1e400]},"
                + "\"packages\":[{\"name\":\"linux\",\"x\":null}],\"n\":12345678901234567890}";
        KernelMetadata metadata = read(with("source", source));

        assertThat(metadata.source()).isInstanceOf(KernelSource.Other.class);
        assertThat(metadata.source().type()).isEqualTo("distropackage");
        assertThat(compact(text(metadata))).contains(source.replace("1e400", "1E+400"));
        assertThat(roundTrip(metadata).source()).isEqualTo(metadata.source());
    }

    @Test
    void absentFieldsOfASourceReadAsNull() throws Exception {
        assertThat(read(with("source", "{\"type\": \"git\"}")).source()).isEqualTo(new KernelSource.Git(null, null));
        assertThat(read(with("source", "{\"type\": \"local\"}")).source())
                .isEqualTo(new KernelSource.Local(null, null));
    }

    @Test
    void aTreesPathThatIsNoPathHereIsNoTree() throws Exception {
        KernelSource.Local local =
                (KernelSource.Local) read(with("source", "{\"type\": \"local\", \"source_tree_path\": \"/a\\u0000b\"}"))
                        .source();

        assertThat(local.sourceTree()).isEmpty();
    }

    // Unknown fields

    private static String compact(String json) {
        return json.replaceAll("\\n *", "").replace("\": ", "\":");
    }

    @Test
    void unknownFieldsSurviveAtEveryLevel() throws Exception {
        String before = text(metadata(new KernelSource.Local("/x", null), details()))
                .replace("\"type\": \"local\",", "\"type\": \"local\",\n    \"new_in_source\": {\"a\": [1, 2]},")
                .replace("\"arch\": \"x86_64\",", "\"arch\": \"x86_64\",\n  \"new_at_top\": [null, true, \"ß🐧\"],")
                .replace("\"modules\": \"boot\",", "\"modules\": \"boot\",\n    \"new_in_jvm\": {\"b\": 0},");
        KernelMetadata read = read(before);
        KernelMetadata changed = new KernelMetadata(
                "6.1.193",
                new KernelSource.Local("/y", "fffffff"),
                read.arch(),
                read.imageName(),
                read.configHash(),
                read.builtAt(),
                read.ktstrKconfigHash(),
                read.extraKconfigHash(),
                read.hasVmlinux(),
                read.vmlinuxStripped(),
                read.sourceVmlinuxSize(),
                read.sourceVmlinuxMtimeSecs(),
                read.jvm(),
                read.json());
        String after = compact(text(changed));

        assertThat(after)
                .contains("\"version\":\"6.1.193\"")
                .contains("\"source_tree_path\":\"/y\"")
                .contains("\"new_in_source\":{\"a\":[1,2]}")
                .contains("\"new_at_top\":[null,true,\"ß🐧\"]")
                .contains("\"new_in_jvm\":{\"b\":0}");
    }

    @Test
    void unknownFieldsOfAPackageSurvive() throws Exception {
        String before = text(metadata(new KernelSource.Tarball(), details()))
                .replace("\"arch\": \"amd64\",", "\"arch\": \"amd64\",\n        \"new_in_package\": 7,");

        assertThat(compact(text(read(before)))).contains("\"new_in_package\":7");
    }

    @ParameterizedTest
    @CsvSource({
        "1.10, 1.10",
        "1.0, 1.0",
        "100, 100",
        "0, 0",
        "-5, -5",
        "1e400, 1E+400",
        "1E-400, 1E-400",
        "12345678901234567890, 12345678901234567890",
        "-99999999999999999999999999999999999999, -99999999999999999999999999999999999999",
        "0.1000000000000000055511151231257827, 0.1000000000000000055511151231257827",
        "3.141592653589793238462643383279502884, 3.141592653589793238462643383279502884",
        "1.50e10, 1.50E+10",
    })
    void numbersKeepTheirDigits(String number, String written) throws Exception {
        String after = text(read(ORIGINAL.replace("\n}", ",\n  \"mine\": " + number + "\n}")));

        assertThat(after).contains("\"mine\": " + written + "\n");
        assertThat(text(read(after))).isEqualTo(after);
    }

    @Test
    void unknownFieldsOfAnotherSourceDoNotStayBehind() throws Exception {
        KernelMetadata git =
                read(with("source", "{\"type\": \"git\", \"git_hash\": \"1\", \"ref\": \"v6\", \"x\": 1}"));
        KernelMetadata tarball = new KernelMetadata(
                git.version(),
                new KernelSource.Tarball(),
                git.arch(),
                git.imageName(),
                git.configHash(),
                git.builtAt(),
                git.ktstrKconfigHash(),
                git.extraKconfigHash(),
                git.hasVmlinux(),
                git.vmlinuxStripped(),
                git.sourceVmlinuxSize(),
                git.sourceVmlinuxMtimeSecs(),
                git.jvm(),
                git.json());

        assertThat(text(tarball)).isEqualTo(ORIGINAL);
    }

    // Shape

    @ParameterizedTest
    @ValueSource(strings = {"source", "arch", "image_name", "built_at", "has_vmlinux", "vmlinux_stripped"})
    void aMissingOrNullRequiredFieldIsDriftAndNamed(String field) {
        for (String text : List.of(without(field), with(field, "null"))) {
            assertThat(reason(text.getBytes(UTF_8)))
                    .isEqualTo("metadata.json schema drift: missing field `" + field + "`");
        }
    }

    @Test
    void theFirstFieldThatIsMissingIsNamedAsInTheOriginal() {
        assertThat(reason("{\"version\":\"6.14\"}".getBytes(UTF_8)))
                .startsWith("metadata.json schema drift: ")
                .contains("source");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "version                   | 6.14",
                "version                   | true",
                "version                   | []",
                "source                    | \"tarball\"",
                "source                    | []",
                "source                    | 1",
                "source                    | {}",
                "source                    | {\"type\": 1}",
                "source                    | {\"type\": null}",
                "source                    | {\"Type\": \"tarball\"}",
                "source                    | {\"type\": \"git\", \"git_hash\": 1}",
                "source                    | {\"type\": \"git\", \"ref\": []}",
                "source                    | {\"type\": \"local\", \"source_tree_path\": true}",
                "source                    | {\"type\": \"local\", \"git_hash\": {}}",
                "arch                      | 64",
                "image_name                | 1",
                "config_hash               | 12345678",
                "built_at                  | 1775988000",
                "ktstr_kconfig_hash        | 1",
                "extra_kconfig_hash        | false",
                "has_vmlinux               | \"true\"",
                "has_vmlinux               | 1",
                "vmlinux_stripped          | 0",
                "vmlinux_stripped          | \"\"",
                "source_vmlinux_size       | -1",
                "source_vmlinux_size       | \"5\"",
                "source_vmlinux_size       | 5.0",
                "source_vmlinux_size       | 5e3",
                "source_vmlinux_size       | 99999999999999999999",
                "source_vmlinux_mtime_secs | 1.5",
                "source_vmlinux_mtime_secs | \"x\"",
                "source_vmlinux_mtime_secs | 9223372036854775808",
                "source_vmlinux_mtime_secs | -9223372036854775809",
            })
    void aFieldOfAnotherTypeIsDriftAndNamed(String field, String json) {
        assertThat(reason(with(field, json).getBytes(UTF_8)))
                .startsWith("metadata.json schema drift: ")
                .contains(field);
    }

    @ParameterizedTest
    @CsvSource({"-9223372036854775808", "9223372036854775807", "-1", "0"})
    void timesOf64BitsWithSignAreRead(long seconds) throws Exception {
        assertThat(read(with("source_vmlinux_mtime_secs", Long.toString(seconds)))
                        .sourceVmlinuxMtimeSecs())
                .isEqualTo(seconds);
    }

    static List<String> jvmDrifts() throws Exception {
        String good = text(metadata(new KernelSource.Tarball(), details()));
        List<String> bad = new ArrayList<>();
        bad.add(ORIGINAL.replace("\n}", ",\n  \"jvm\": []\n}"));
        bad.add(ORIGINAL.replace("\n}", ",\n  \"jvm\": \"x\"\n}"));
        bad.add(ORIGINAL.replace("\n}", ",\n  \"jvm\": {}\n}"));
        bad.add(good.replace("\"image_size\": 14000000", "\"image_size\": -1"));
        bad.add(good.replace("\"image_size\": 14000000", "\"image_size\": null"));
        bad.add(good.replace("\"image_size\": 14000000", "\"image_size\": \"x\""));
        bad.add(good.replace("\"vmlinux_size\": 12500000", "\"vmlinux_size\": -1"));
        bad.add(good.replace("\"modules\": \"boot\"", "\"modules\": 1"));
        bad.add(good.replace("\"stored_by\": \"ktstr-java 0.1.0\"", "\"stored_by\": 1"));
        bad.add(good.replace("\"name\": \"linux-image-6.1.0-56-cloud-amd64\"", "\"name\": 1"));
        bad.add(good.replaceAll("(?s)\"packages\": \\[.*?]", "\"packages\": null"));
        bad.add(good.replaceAll("(?s)\"packages\": \\[.*?]", "\"packages\": \"x\""));
        bad.add(good.replaceAll("(?s)\"packages\": \\[.*?]", "\"packages\": 5"));
        bad.add(good.replaceAll("(?s)\"packages\": \\[.*?]", "\"packages\": {}"));
        bad.add(good.replaceAll("(?s)\"packages\": \\[.*?]", "\"packages\": [1]"));
        bad.add(good.replaceAll("(?s)\"files\": \\{.*?}", "\"files\": null"));
        bad.add(good.replaceAll("(?s)\"files\": \\{.*?}", "\"files\": []"));
        bad.add(good.replaceAll("(?s)\"files\": \\{.*?}", "\"files\": \"x\""));
        bad.add(good.replaceAll("(?s)\"files\": \\{.*?}", "\"files\": {\"config\": 1}"));
        bad.add(good.replaceAll("\"metadata_sha256\": \"[0-9a-f]*\"", "\"metadata_sha256\": null"));
        return bad;
    }

    @ParameterizedTest
    @MethodSource("jvmDrifts")
    void anObjectOfOursInAnotherShapeIsDrift(String text) {
        assertRefused(text, ErrorKind.SCHEMA_DRIFT);
    }

    @Test
    void aNullObjectOfOursIsNone() throws Exception {
        assertThat(read(ORIGINAL.replace("\n}", ",\n  \"jvm\": null\n}")).jvm()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "..",
                ".",
                "../bzImage",
                "a/b",
                "/etc/passwd",
                "a\\\\b",
                "a..b",
                "a\\u0000b",
                "metadata.json",
                "vmlinux",
                "config",
                "modules"
            })
    void anImageNameThatEscapesOrIsOneOfOursIsDrift(String json) {
        assertThat(reason(with("image_name", "\"" + json + "\"").getBytes(UTF_8)))
                .startsWith("metadata.json schema drift: ")
                .contains("image_name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bzImage", "Image", "vmlinuz-6.1", "größe", ".hidden", "a b", "bzImage.old"})
    void anOrdinaryImageNameIsRead(String name) throws Exception {
        assertThat(read(with("image_name", "\"" + name + "\"")).imageName()).isEqualTo(name);
    }

    /** Otherwise one such entry makes every listing fail: no JVM makes a file name of half a character. */
    @Test
    void anImageNameWithHalfACharacterIsCorrupt() {
        String reason = reason(with("image_name", "\"bz\\ud800\"").getBytes(UTF_8));

        assertThat(ErrorKind.of(reason)).isIn(ErrorKind.SCHEMA_DRIFT, ErrorKind.MALFORMED);
    }

    /** Otherwise one such entry makes every listing fail with ENAMETOOLONG. */
    @Test
    void anImageNameThatNoFileCanHaveIsDrift() {
        assertRefused(with("image_name", "\"" + "x".repeat(256) + "\""), ErrorKind.SCHEMA_DRIFT);
    }

    // Syntax

    static List<String> drifts() {
        return List.of(
                "null",
                "[]",
                "true",
                "5",
                "\"text\"",
                "{}",
                "[" + ORIGINAL + "]",
                "{\"version\":\"6.14\"}",
                with("arch", "\"x86_64\", \"arch\": \"aarch64\""),
                with("version", "null, \"version\": null"),
                with("source", "{\"type\": \"git\", \"type\": \"git\"}"));
    }

    static List<String> malformed() {
        return List.of(
                "not valid json {[",
                "nonsense",
                "nul!",
                "trux",
                "truE",
                "{]",
                "}",
                "]",
                ",",
                "{,}",
                "{\"a\" 1}",
                "{\"a\":1,}",
                "{\"a\":01}",
                "{\"a\":+1}",
                "{\"a\":.5}",
                "{\"a\":NaN}",
                "{\"a\":'x'}",
                "{a:1}",
                "{\"a\":\"\t\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12g4\"}",
                "// comment\n{}",
                "/* comment */",
                "\uFEFF" + ORIGINAL,
                ORIGINAL + "x",
                ORIGINAL + "garbage",
                ORIGINAL + "{}",
                ORIGINAL + "}",
                ORIGINAL + "]",
                ORIGINAL + ",",
                ORIGINAL + "1",
                ORIGINAL + "null",
                ORIGINAL + "\0",
                ORIGINAL + ORIGINAL,
                ORIGINAL.replace("\"x86_64\"", "x86_64"),
                ORIGINAL.replace(": false,", ": False,"),
                ORIGINAL.stripTrailing().replaceAll("}$", "]"),
                ORIGINAL.replace(",\n  \"arch\"", "\n  \"arch\""));
    }

    static List<String> truncated() {
        return List.of(
                "",
                " ",
                "\n\n\t",
                "{",
                "{\"source\":",
                "{\"source\"",
                "{\"sour",
                "{\"source\": {",
                "{\"source\": \"x",
                "{\"source\": \"x\\",
                "{\"source\": \"x\\u00",
                "{\"a\": 1",
                "{\"a\": 1,",
                "{\"a\": -",
                "{\"a\": 1.",
                "{\"a\": 1e",
                "{\"a\": [1",
                "{\"a\": tru",
                "{\"a\": n",
                "tru",
                "nul",
                "\"",
                "[",
                "[[[",
                "{\"a\": 1\n\n");
    }

    @ParameterizedTest
    @MethodSource("drifts")
    void jsonOfAnotherShapeIsDrift(String text) {
        assertRefused(text, ErrorKind.SCHEMA_DRIFT);
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void whatIsNoJsonIsMalformed(String text) {
        assertRefused(text, ErrorKind.MALFORMED);
    }

    @ParameterizedTest
    @MethodSource("truncated")
    void whatEndsEarlyIsTruncated(String text) {
        assertRefused(text, ErrorKind.TRUNCATED);
    }

    @Test
    void everyPrefixOfAGoodFileIsTruncated() throws Exception {
        String whole = text(metadata(new KernelSource.Git("a1b2c3d", "größe"), details()));
        String document = whole.stripTrailing();
        for (int end = 0; end < document.length(); end++) {
            assertRefused(document.substring(0, end), ErrorKind.TRUNCATED);
        }
    }

    @Test
    void whiteSpaceAroundDoesNotMatter() throws Exception {
        assertThat(read("\n\t " + ORIGINAL + " \r\n").arch()).isEqualTo("x86_64");
    }

    @Test
    void bytesThatAreNotUtf8AreUnreadable() {
        byte[] latin1 = with("built_at", "\"größe\"").getBytes(ISO_8859_1);
        byte[] cut = Arrays.copyOf("{\"a\": \"ß".getBytes(UTF_8), 8);
        byte[] overlong = {'{', (byte) 0xc0, (byte) 0xaf, '}'};
        byte[] surrogate = {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'};
        byte[] utf16 = ("\uFEFF" + ORIGINAL).getBytes(UTF_16LE);

        for (byte[] file : List.of(latin1, cut, overlong, surrogate, utf16)) {
            assertThat(reason(file)).isEqualTo("metadata.json unreadable: the file is not valid UTF-8");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 5_000, 1_000_000})
    void deepNestingIsRefusedOrReadButNeverOverflowsTheStack(int depth) {
        assertThat(ErrorKind.of(reason("[".repeat(depth).getBytes(US_ASCII))))
                .isIn(ErrorKind.TRUNCATED, ErrorKind.MALFORMED);
        assertThat(ErrorKind.of(reason("{\"a\":".repeat(depth).getBytes(US_ASCII))))
                .isIn(ErrorKind.TRUNCATED, ErrorKind.MALFORMED);
        String closed = ORIGINAL.replace("\n}", ",\n\"mine\": " + "[".repeat(depth) + "]".repeat(depth) + "}");
        try {
            MetadataCodec.write(read(closed));
        } catch (MetadataException refused) {
            assertThat(ErrorKind.of(refused.reason())).isEqualTo(ErrorKind.MALFORMED);
        } catch (IOException notWritten) {
            throw new AssertionError("what can be read can be written", notWritten);
        }
    }

    @Test
    void sixteenMegabytesOfNonsenseAreRefused() {
        int size = 16 << 20;
        for (String unit : List.of("x", "1", "[", "{\"a\":", " ", "\"", "\0", "9e9", "\\", "{}", "1 ")) {
            byte[] file = unit.repeat(size / unit.length()).getBytes(US_ASCII);
            assertThat(ErrorKind.of(reason(file)))
                    .as(unit)
                    .isIn(ErrorKind.MALFORMED, ErrorKind.TRUNCATED, ErrorKind.SCHEMA_DRIFT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e2147483647", "1e2147483648", "1e99999999999", "-1E-99999999999", "1e-2147483648"})
    void numbersBeyondAllMeasureAreReadOrRefusedButNotWithAnUncheckedException(String number) throws Exception {
        try {
            KernelMetadata metadata = read(ORIGINAL.replace("\n}", ",\n  \"mine\": " + number + "\n}"));
            assertThat(text(metadata).length()).isLessThan(ORIGINAL.length() + 100);
        } catch (MetadataException refused) {
            assertThat(ErrorKind.of(refused.reason())).isIn(ErrorKind.MALFORMED, ErrorKind.SCHEMA_DRIFT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e2147483647", "1e1000000000"})
    void aHugeExponentInANumberOfOursIsDriftAtOnce(String number) {
        assertRefused(with("source_vmlinux_size", number), ErrorKind.SCHEMA_DRIFT);
    }

    @Test
    void anyChangeOfAGoodFileIsReadOrRefusedWithAReason() throws Exception {
        byte[] good = MetadataCodec.write(metadata(new KernelSource.Git("a1b2c3d", "größe"), details()));
        SplittableRandom random = new SplittableRandom(SEED);
        String pieces = "{}[]\",:0123456789-+.eEtrufalsn\\ \n\0";
        for (int i = 0; i < 5_000; i++) {
            byte[] file = good.clone();
            for (int n = random.nextInt(1, 5); n > 0; n--) {
                file[random.nextInt(file.length)] = (byte) pieces.charAt(random.nextInt(pieces.length()));
            }
            file = Arrays.copyOf(file, random.nextInt(10) == 0 ? random.nextInt(file.length) : file.length);
            try {
                KernelMetadata read = MetadataCodec.read(file);
                MetadataCodec.read(MetadataCodec.write(read));
            } catch (MetadataException refused) {
                assertThat(ErrorKind.of(refused.reason()))
                        .as("seed %d, round %d", SEED, i)
                        .isNotEqualTo(ErrorKind.UNKNOWN);
            }
        }
    }

    // The sum

    @Test
    void theSumIsOverTheFileWithZerosInItsPlace() throws Exception {
        byte[] file = MetadataCodec.write(metadata(new KernelSource.Tarball(), details()));
        String sum = sum(file);
        byte[] unsummed = new String(file, UTF_8).replace(sum, "0".repeat(64)).getBytes(UTF_8);

        assertThat(Checksums.sha256(unsummed)).isEqualTo(sum);
        assertThat(MetadataCodec.isUnchanged(file, sum)).isTrue();
        assertThat(MetadataCodec.isUnchanged(unsummed, "0".repeat(64))).isFalse();
    }

    @Test
    void theRecordsOwnSumDoesNotMatterWhenWriting() throws Exception {
        byte[] file = MetadataCodec.write(metadata(new KernelSource.Tarball(), details()));
        byte[] again = MetadataCodec.write(MetadataCodec.read(file));

        assertThat(again).isEqualTo(file);
        assertThat(MetadataCodec.isUnchanged(again, sum(again))).isTrue();
    }

    @Test
    void everyFlippedByteIsFound() throws Exception {
        byte[] file = MetadataCodec.write(metadata(new KernelSource.Git("a1b2c3d", "größe"), details()));
        String whole = new String(file, ISO_8859_1);
        for (int at = 0; at < file.length; at++) {
            for (int pattern : new int[] {1, 2, 4, 8, 16, 32, 64, 128, 0xff, file[at] ^ ' ', file[at] ^ '0'}) {
                if ((pattern & 0xff) != 0) {
                    byte[] flipped = file.clone();
                    flipped[at] ^= (byte) pattern;
                    assertThat(isAccepted(flipped))
                            .as("byte %d (%s) xor %d", at, whole.substring(Math.max(0, at - 20), at + 1), pattern)
                            .isFalse();
                }
            }
        }
        assertThat(isAccepted(file)).isTrue();
    }

    @Test
    void addedAndRemovedBytesAreFound() throws Exception {
        byte[] file = MetadataCodec.write(metadata(new KernelSource.Tarball(), details()));
        String text = new String(file, UTF_8);

        assertThat(isAccepted((text + "\n").getBytes(UTF_8))).isFalse();
        assertThat(isAccepted((" " + text).getBytes(UTF_8))).isFalse();
        assertThat(isAccepted(text.stripTrailing().getBytes(UTF_8))).isFalse();
        assertThat(isAccepted(text.replace("  \"arch\"", " \"arch\"").getBytes(UTF_8)))
                .isFalse();
        assertThat(isAccepted(text.replace("\n", "\r\n").getBytes(UTF_8))).isFalse();
    }

    /** As kernel-verify decides: readable, with a sum, and the sum is right. */
    private static boolean isAccepted(byte[] file) {
        try {
            StoredDetails jvm = MetadataCodec.read(file).jvm();
            return jvm != null && MetadataCodec.isUnchanged(file, Objects.requireNonNull(jvm.metadataSha256()));
        } catch (MetadataException refused) {
            return false;
        }
    }

    private static String sum(byte[] file) throws Exception {
        return Objects.requireNonNull(
                Objects.requireNonNull(MetadataCodec.read(file).jvm()).metadataSha256());
    }

    // What the record says

    @ParameterizedTest
    @CsvSource(
            nullValues = "null",
            value = {
                "null, null, UNTRACKED",
                "null, x, UNTRACKED",
                "null, '', UNTRACKED",
                "'', '', MATCHES",
                "x, x, MATCHES",
                "'', x, STALE",
                "x, '', STALE",
                "x, y, STALE",
                "x, null, STALE",
                "'', null, STALE",
            })
    void theKconfigStatusComparesText(@Nullable String stored, @Nullable String current, KconfigStatus status)
            throws Exception {
        String text = stored == null ? ORIGINAL : with("ktstr_kconfig_hash", "\"" + stored + "\"");

        assertThat(read(text).kconfigStatus(current)).isEqualTo(status);
    }

    @Test
    void theKconfigStatusHasTheOriginalsWords() {
        assertThat(KconfigStatus.MATCHES.text()).isEqualTo("matches");
        assertThat(KconfigStatus.STALE.text()).isEqualTo("stale");
        assertThat(KconfigStatus.UNTRACKED.text()).isEqualTo("untracked");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-04-12T10:00:00Z, 1775988000",
        "2026-04-12T12:00:00+02:00, 1775988000",
        "2026-04-12T10:00:00.999Z, 1775988000"
    })
    void theTimeOfBuildingIsAMoment(String text, long seconds) throws Exception {
        assertThat(read(with("built_at", "\"" + text + "\""))
                        .builtAtInstant()
                        .orElseThrow()
                        .getEpochSecond())
                .isEqualTo(seconds);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yesterday", "2026-04-12", "2026-04-12T10:00:00", "2026-13-12T10:00:00Z"})
    void anyOtherTextIsReadButIsNoMoment(String text) throws Exception {
        KernelMetadata metadata = read(with("built_at", "\"" + text + "\""));

        assertThat(metadata.builtAt()).isEqualTo(text);
        assertThat(metadata.builtAtInstant()).isEmpty();
    }
}
