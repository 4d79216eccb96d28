package dev.ktstr.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.ktstr.ErrorCode;
import dev.ktstr.os.Filesystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelFamilyTest {
    private static final long SEED = Long.getLong("ktstr.seed", 20261121);
    private static final int NAME_MAX = 255;

    private final KernelFamily family = new KernelFamily();

    private InvalidKeyException refusedForStoring(String key) {
        return assertThatExceptionOfType(InvalidKeyException.class)
                .isThrownBy(() -> family.requireStorable(key))
                .actual();
    }

    /** The longest key of this letter that may be stored. */
    private String longestStorable(String letter) {
        String key = letter;
        while (isStorable(key + letter)) {
            key += letter;
        }
        return key;
    }

    private boolean isStorable(String key) {
        try {
            family.requireStorable(key);
            return true;
        } catch (InvalidKeyException refused) {
            return false;
        }
    }

    // Keys

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''              | empty",
                "' '             | empty",
                "'  \t'          | empty",
                "'\n'            | empty",
                "a/b             | path separators",
                "'a\\b'          | path separators",
                "../x            | path separators",
                "/               | path separators",
                "/etc            | path separators",
                "a/              | path separators",
                ".               | directory reference",
                "..              | directory reference",
                "foo..bar        | path traversal",
                "...             | path traversal",
                "..x             | path traversal",
                "x..             | path traversal",
                ".tmp-x          | reserved prefix .tmp-",
                ".tmp-           | reserved prefix .tmp-",
                ".tmp-k-1.00000000 | reserved prefix .tmp-",
                ".locks          | must not start with .",
                ".foo            | must not start with .",
                ".initramfs      | must not start with .",
            })
    void aKeyThatIsNoPlainNameIsRefusedInItsOwnWords(String key, String words) {
        assertThat(refusedForStoring(key)).hasMessageContaining(words);
        assertThatExceptionOfType(InvalidKeyException.class)
                .isThrownBy(() -> family.requireReadable(key))
                .withMessageContaining(words);
        assertThat(family.isReadable(key)).isFalse();
    }

    @Test
    void aNulIsRefused() {
        assertThat(refusedForStoring("a\0b")).hasMessageContaining("null bytes");
        assertThat(family.isReadable("a\0b")).isFalse();
    }

    @Test
    void theFirstRuleThatAppliesGivesTheReason() {
        assertThat(refusedForStoring("../.tmp-\0")).hasMessageContaining("path separators");
        assertThat(refusedForStoring("a..\0")).hasMessageContaining("path traversal");
        assertThat(refusedForStoring(".tmp-a..b")).hasMessageContaining("path traversal");
    }

    @Test
    void aRefusalNamesTheKeyAndWhatToDo() {
        InvalidKeyException refused = refusedForStoring("a/b");

        assertThat(refused.code()).isEqualTo(ErrorCode.KEY_INVALID);
        assertThat(refused).hasMessageStartingWith("KT-KEY-01  using \"a/b\" as a cache key: ");
        assertThat(refused.remedy()).contains("6.14.2-files-x86_64");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "6.14.2-tarball-x86_64",
                "local-deadbeef-x86_64",
                "v6.14-git-a1b2c3d-aarch64",
                "local-unknown-0123abcd-x86_64-kc00000000",
                "x",
                "a b",
                " a ",
                "a:b",
                "-x",
                "a.b",
                "x.",
                "größe-日本-🐧",
                "raw-8m",
                "raw-m-x",
                "zfs-8m-x",
                "xraw-8m-x",
                "sources-1",
                "git-builder",
                "tmp-x",
                "template.img",
                "metadata.json",
                "%41",
            })
    void plainNamesCanBeStoredAndRead(String key) {
        assertThatNoException().isThrownBy(() -> family.requireStorable(key));
        assertThatNoException().isThrownBy(() -> family.requireReadable(key));
        assertThat(family.isReadable(key)).isTrue();
        assertThat(family.owns(key)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "raw-8m-x                        | disk templates",
                "btrfs-256m-1f0c33               | disk templates",
                "xfs-512m-1f0c-o01234567-u2      | disk templates",
                "ext4-0m-                        | disk templates",
                "raw-99999999999999999999m-x     | disk templates",
                "a.tmp.b                         | disk templates",
                "k.tmp.123-01234567              | disk templates",
                "template.img.in-flight.k.1      | disk templates",
                "template.img.in-flight.         | disk templates",
                "source-01234567                 | other locks",
                "source-                         | other locks",
                "git-builder-x                   | other locks",
            })
    void namesOfOthersAreNotStored(String key, String words) {
        assertThat(refusedForStoring(key)).hasMessageContaining(words);
    }

    @Test
    void aTemplatesNameWithALineFeedIsATemplatesToo() {
        assertThat(family.owns("raw-8m-a\nb")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\tb", "a\nb", "a\u0001", "\u007fa", "a\u0085", "a\u001bb"})
    void controlCharactersAreNotStoredButTheOriginalsEntriesWithThemAreRead(String key) {
        assertThat(refusedForStoring(key)).hasMessageContaining("control characters");
        assertThat(family.isReadable(key)).isTrue();
    }

    @Test
    void aLongNameThatTheOriginalStoredIsReadButNotStored() {
        String key = "k".repeat(240);

        assertThat(refusedForStoring(key)).hasMessageContaining("longer than");
        assertThat(family.isReadable(key)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"k", "ß", "日", "🐧"})
    void theLongestKeysStagingNameAndLockNameFitAndCanBeCreated(String letter, @TempDir Path directory)
            throws Exception {
        String key = longestStorable(letter);
        String longestName = ".tmp-" + key + "-" + "4".repeat(10) + "." + "f".repeat(8);
        assertThat(longestName.getBytes(UTF_8).length)
                .isLessThanOrEqualTo(NAME_MAX)
                .isGreaterThan(NAME_MAX - letter.getBytes(UTF_8).length);

        Path staging = Files.createDirectory(directory.resolve(longestName));
        Files.createDirectory(directory.resolve(key + ".lock"));
        Files.createDirectory(directory.resolve(family.stagingName(key, "01234567")));
        Filesystems.rename(staging, directory.resolve(key));

        assertThat(refusedForStoring(key + letter)).hasMessageContaining("longer than 230 bytes");
    }

    @Test
    void noKeyThatIsStoredEscapesTheRootOrIsMistakenForSomethingElse() {
        String[] pieces = {".", "..", "/", "\\", "\0", "a", "raw-1m-", ".tmp.", "-", " ", "\t", "ß", "tmp-", "source-"};
        Path root = Path.of("/root/of/all");
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(6); n > 0; n--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            String key = text.toString();
            if (isStorable(key)) {
                assertThat(root.resolve(key).normalize().getParent())
                        .as("seed %d: %s", SEED, key)
                        .isEqualTo(root);
                assertThat(root.resolve(key).getFileName()).hasToString(key);
                assertThat(family.isReadable(key)).isTrue();
                assertThat(family.owns(key)).isTrue();
                assertThat(family.keyOfStaging(key, true)).isEmpty();
                assertThat(family.keyOfStaging(family.stagingName(key, "0badcafe"), true))
                        .contains(key);
            }
        }
    }

    // Whose directory it is

    @ParameterizedTest
    @ValueSource(strings = {"6.14.2-tarball-x86_64", "a b", "raw", "raw-8m", "whatever", "a\nb", "source-01234567"})
    void everyOtherNameIsAKernels(String name) {
        assertThat(family.owns(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".locks",
                ".tmp-k-1",
                ".initramfs",
                ".per-test-1-2-3.img",
                ".disks-1.01234567",
                "raw-8m-x",
                "btrfs-256m-1f0c",
                "xfs-1m-",
                "ext4-10m-x-u2",
                "template.img.in-flight.k.1",
                "btrfs-256m-1f0c.tmp.12-01234567",
                "k.tmp.12",
                "lost\uFFFD"
            })
    void theseAreNot(String name) {
        assertThat(family.owns(name)).isFalse();
    }

    @Test
    void aNameThatCouldNotBeDecodedIsNeitherReadNorOwned() {
        assertThat(family.isReadable("lost\uFFFD")).isFalse();
        assertThat(family.owns("lost\uFFFD")).isFalse();
    }

    // Staging

    @Test
    void oursIsNamedByKeyPidAndSuffix() {
        assertThat(family.stagingName("6.14", "0123abcd"))
                .isEqualTo(".tmp-6.14-" + ProcessHandle.current().pid() + ".0123abcd");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ".tmp-k-12345                 | k",
                ".tmp-k-12345.0123abcd        | k",
                ".tmp-6.14.2-tarball-x86_64-kc01234567-1 | 6.14.2-tarball-x86_64-kc01234567",
                ".tmp-a-1-2                   | a-1",
                ".tmp-a-1.00000000-2          | a-1.00000000",
                ".tmp-k--12345                | k-",
                ".tmp---12345                 | -",
                ".tmp-k-0012                  | k",
                ".tmp-k-4194304               | k",
                ".tmp-a b-1                   | a b",
                ".tmp-größe-1.ffffffff        | größe",
                ".tmp-tmp-1-2                 | tmp-1",
            })
    void stagingOfOursAndOfTheOriginalIsRecognisedWithItsKey(String name, String key) {
        assertThat(family.keyOfStaging(name, true)).contains(key);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".tmp-",
                ".tmp--",
                ".tmp--12345",
                ".tmp-k",
                ".tmp-k-",
                ".tmp-k-x",
                ".tmp-k-12x",
                ".tmp-k-0",
                ".tmp-k-0.0123abcd",
                ".tmp-k-000",
                ".tmp-k-12345.",
                ".tmp-k-12345.0123abc",
                ".tmp-k-12345.0123abcde",
                ".tmp-k-12345.0123ABCD",
                ".tmp-k-12345.0123abcg",
                ".tmp-k-12345678901",
                ".tmp-k-99999999999999999999",
                ".tmp-k-+1",
                ".tmp-k- 1",
                ".tmp-k-٣",
                ".tmp-..-1",
                ".tmp-a..b-1",
                ".tmp-.-1",
                ".tmp-.locks-1",
                ".tmp-.tmp-k-1-2",
                ".tmp- -1",
                ".tmp-lost\uFFFD-1",
                "tmp-k-1",
                ".tmpk-1",
                ".TMP-k-1",
                "k",
                "k-12345.0123abcd",
                ".locks",
                "",
            })
    void everythingElseIsNoStagingOfAnybody(String name) {
        assertThat(family.keyOfStaging(name, true)).isEmpty();
    }

    @Test
    void stagingOfEveryPidOfLinuxIsRecognised() {
        for (long pid : new long[] {1, 2, 32_768, 4_194_304, Integer.MAX_VALUE, 4_294_967_295L}) {
            assertThat(family.keyOfStaging(String.format(Locale.ROOT, ".tmp-k-%d", pid), true))
                    .contains("k");
        }
    }

    @Test
    void metadataDefinesAnEntry() {
        assertThat(family.definingFile()).isEqualTo("metadata.json");
    }
}
