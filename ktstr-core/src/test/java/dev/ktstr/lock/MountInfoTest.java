package dev.ktstr.lock;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.lock.MountInfo.Mount;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountInfoTest {
    private static final long SEED = Long.getLong("ktstr.seed", 20261121);

    private static final String ROOT = "22 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n";

    private static String mount(String device, String point) {
        return "36 22 " + device + " / " + point + " rw,noatime master:1 - ext4 /dev/x rw\n";
    }

    private static Optional<Mount> covering(String mounts, String path) {
        return MountInfo.parse(mounts).covering(path.getBytes(UTF_8));
    }

    @Test
    void oneMountCoversWhatIsBelowIt() {
        assertThat(covering(ROOT, "/a/b")).contains(new Mount(253, 0, "/"));
        assertThat(covering(ROOT, "/")).contains(new Mount(253, 0, "/"));
    }

    @Test
    void theLongestMountPointWins() {
        String mounts = mount("8:2", "/tmp/bind") + ROOT + mount("0:30", "/tmp");

        assertThat(covering(mounts, "/tmp/bind/x")).contains(new Mount(8, 2, "/tmp/bind"));
        assertThat(covering(mounts, "/tmp/other")).contains(new Mount(0, 30, "/tmp"));
        assertThat(covering(mounts, "/home")).contains(new Mount(253, 0, "/"));
    }

    @Test
    void fewMountsAreEnoughForTheFilesOfOneDirectory() {
        String mounts = ROOT
                + mount("0:30", "/tmp")
                + mount("8:1", "/tmp/a")
                + mount("8:2", "/tmp/a/k.lock")
                + mount("8:3", "/tmp/ab")
                + mount("8:4", "/home");
        MountInfo around = MountInfo.parse(mounts).around("/tmp/a".getBytes(UTF_8));

        assertThat(around.mounts()).containsExactly(new Mount(8, 1, "/tmp/a"), new Mount(8, 2, "/tmp/a/k.lock"));
        assertThat(MountInfo.parse(mounts).around("/tmp".getBytes(UTF_8)).mounts())
                .hasSize(4);
        assertThat(MountInfo.parse(mounts).around("/".getBytes(UTF_8)).mounts()).contains(new Mount(253, 0, "/"));
        assertThat(MountInfo.parse("").around("/".getBytes(UTF_8)).mounts()).isEmpty();
    }

    @Test
    void prefixesCountOnComponentBordersOnly() {
        String mounts = ROOT + mount("0:30", "/tmp/foo");

        assertThat(covering(mounts, "/tmp/foobar")).contains(new Mount(253, 0, "/"));
        assertThat(covering(mounts, "/tmp/foo")).contains(new Mount(0, 30, "/tmp/foo"));
        assertThat(covering(mounts, "/tmp/foo/bar")).contains(new Mount(0, 30, "/tmp/foo"));
        assertThat(covering(mounts, "/tmp/fo")).contains(new Mount(253, 0, "/"));
    }

    @Test
    void withoutACoveringMountThereIsNone() {
        assertThat(covering(mount("0:30", "/tmp"), "/home")).isEmpty();
        assertThat(covering("", "/home")).isEmpty();
    }

    @Test
    void ofTwoOnOneMountPointTheLaterIsTheVisibleOne() {
        assertThat(covering(ROOT + mount("8:1", "/data") + mount("8:2", "/data"), "/data/x"))
                .contains(new Mount(8, 2, "/data"));
        assertThat(covering(ROOT + mount("8:1", "/"), "/x")).contains(new Mount(8, 1, "/"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                "36 22 8:1 / ",
                "36 22 8:1 /",
                "36 22 81 / /data rw - ext4 x rw",
                "36 22 a:b / /data rw - ext4 x rw",
                "36 22 8:-1 / /data rw - ext4 x rw",
                "36 22 -8:1 / /data rw - ext4 x rw",
                "36 22 8: / /data rw - ext4 x rw",
                "36 22 :1 / /data rw - ext4 x rw",
                "36 22 8:1:2 / /data rw - ext4 x rw",
                "36 22 99999999999:1 / /data rw - ext4 x rw",
                "36 22 ٣:1 / /data rw - ext4 x rw"
            })
    void linesOfAnotherFormArePassedOver(String line) {
        assertThat(MountInfo.parse(line + "\n" + ROOT).mounts()).containsExactly(new Mount(253, 0, "/"));
        assertThat(MountInfo.parse(ROOT + line).mounts()).containsExactly(new Mount(253, 0, "/"));
    }

    @Test
    void optionalFieldsMayBeMissingOrMany() {
        assertThat(MountInfo.parse("36 22 8:1 / /a rw - ext4 x rw\n").mounts()).containsExactly(new Mount(8, 1, "/a"));
        assertThat(MountInfo.parse("36 22 8:1 / /a rw shared:1 master:2 propagate_from:3 - ext4 x rw\n")
                        .mounts())
                .containsExactly(new Mount(8, 1, "/a"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "/plain               | /plain",
                "/a\\040b             | \"/a b\"",
                "/a\\134b             | /a\\b",
                "/a\\040b\\040c\\134d | \"/a b c\\d\"",
                "\\040                | \" \"",
                "/a\\9xx              | /a\\9xx",
                "/a\\048              | /a\\048",
                "/a\\400              | /a\\400",
                "/a\\777              | /a\\777",
                "/a\\                 | /a\\",
                "/a\\0                | /a\\0",
                "/a\\04               | /a\\04",
                "/a\\\\040            | \"/a\\ \"",
                "/a\\1340             | /a\\0",
            })
    void escapesOfThreeOctalDigitsAreUndoneAndNothingElse(String field, String text) {
        assertThat(MountInfo.unescape(field)).isEqualTo(text);
    }

    @Test
    void tabAndNewlineAndEveryOtherByteCanBeEscaped() {
        assertThat(MountInfo.unescape("\\011\\012")).isEqualTo("\t\n");
        for (int value = 0; value < 256; value++) {
            assertThat(MountInfo.unescape(String.format("\\%03o", value)))
                    .isEqualTo(new String(new byte[] {(byte) value}, ISO_8859_1));
        }
    }

    @Test
    void aFieldWithoutEscapesIsNotCopied() {
        String field = "/some/where";

        assertThat(MountInfo.unescape(field)).isSameAs(field);
    }

    @Test
    void mountPointsThatAreNotTextAreMatchedByTheirBytes() {
        byte[] point = {'/', 'm', (byte) 0xff, (byte) 0xc3};
        byte[] below = {'/', 'm', (byte) 0xff, (byte) 0xc3, '/', 'x'};
        byte[] other = {'/', 'm', (byte) 0xfe, (byte) 0xc3, '/', 'x'};
        MountInfo mounts = MountInfo.parse(ROOT + mount("8:1", new String(point, ISO_8859_1)));

        assertThat(mounts.covering(below).orElseThrow().major()).isEqualTo(8);
        assertThat(mounts.covering(other).orElseThrow().major()).isEqualTo(253);
    }

    @Test
    void aMountPointWithASpaceOrOutsideAsciiIsFound() {
        String mounts = ROOT + mount("8:1", new String("/größe\\040x".getBytes(UTF_8), ISO_8859_1));

        assertThat(covering(mounts, "/größe x/y").orElseThrow().major()).isEqualTo(8);
    }

    @Test
    void theMountsOfThisProcessCoverEverything() throws Exception {
        assertThat(MountInfo.read().covering("/proc/self/status".getBytes(UTF_8)))
                .hasValueSatisfying(mount -> assertThat(mount.mountPoint()).isEqualTo("/proc"));
        assertThat(MountInfo.read()
                        .covering(Path.of("").toAbsolutePath().toString().getBytes(UTF_8)))
                .isPresent();
    }

    @Test
    void anyTextParses() {
        String alphabet = "0123456789 :/\\\n-abc";
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 5_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(200); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            MountInfo parsed = MountInfo.parse(text.toString());
            parsed.covering("/a/b".getBytes(UTF_8))
                    .ifPresent(mount -> assertThat(parsed.mounts()).contains(mount));
        }
    }
}
