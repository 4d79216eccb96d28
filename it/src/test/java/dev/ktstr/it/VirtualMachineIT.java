package dev.ktstr.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.vm.VirtualMachine;
import dev.ktstr.vm.VmException;
import dev.ktstr.vm.VmResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What comes out of a virtual machine: files on disks, output and status, and nothing that stays. */
@Tag("kernel")
@Tag("qemu")
class VirtualMachineIT {
    @TempDir
    static Path shared;

    @TempDir
    Path directory;

    private static VmFixture fixture;

    private Leftovers leftovers;

    @BeforeAll
    static void storeTheKernel() throws Exception {
        fixture = VmFixture.store(shared.resolve("cache"));
        fixture.vm().start().close(); // what every machine begins with is kept
    }

    @BeforeEach
    void lookAround() throws Exception {
        leftovers = Leftovers.before(fixture, directory);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        leftovers.assertNone();
    }

    @Tag("root")
    @Test
    void guestsMountDisksAndTheHostReadsWhatTheyWrote() throws Exception {
        Commands.requireRoot();
        VmFixture.requireFormatters();
        DiskTemplates templates = DiskTemplates.at(directory.resolve("templates"), fixture.environment());
        Map<Path, String> before = new HashMap<>();
        List<DiskSpec> specs = new ArrayList<>();
        for (Filesystem filesystem : VmFixture.FORMATTED) {
            for (DiskSpec spec : List.of(
                    VmFixture.spec(filesystem), VmFixture.spec(filesystem).withVariant(2))) {
                Path image = templates.ensure(spec).image();
                before.put(image, sha256(Files.readAllBytes(image)));
                specs.add(spec);
            }
        }
        writesAndReadsBack(templates, List.of(specs.get(0), specs.get(2), specs.get(4)), "-t $type");
        writesAndReadsBack(templates, specs, "");
        for (Map.Entry<Path, String> template : before.entrySet()) {
            assertThat(sha256(Files.readAllBytes(template.getKey())))
                    .as("%s", template.getKey())
                    .isEqualTo(template.getValue());
            Files.delete(template.getKey());
        }
        Commands.run("rm", "-r", templates.root().toString());
    }

    /** @param how the options of mount(8) */
    private void writesAndReadsBack(DiskTemplates templates, List<DiskSpec> specs, String how) throws Exception {
        StringBuilder script = new StringBuilder("set -e\n");
        List<TestDisk> disks = new ArrayList<>();
        VirtualMachine.Builder vm = fixture.vm();
        for (DiskSpec spec : specs) {
            TestDisk disk = templates.newDisk(spec);
            String device = "vd" + (char) ('a' + disks.size());
            script.append(
                    "type=%s; mkdir /mnt/%2$s; mount %3$s /dev/%2$s /mnt/%2$s; echo proof of %2$s >/mnt/%2$s/file%n"
                            .formatted(spec.filesystem().text(), device, how));
            disks.add(disk);
            vm.disk(disk);
        }
        VmResult result = vm.script(script + "cut -d ' ' -f 1-3 /proc/mounts | grep ^/dev/vd")
                .run();
        assertThat(result.exitCode()).as("%s%n%s", result, result.stderr()).isZero();
        for (int i = 0; i < disks.size(); i++) {
            TestDisk disk = disks.get(i);
            Filesystem filesystem = disk.spec().filesystem();
            String device = "vd" + (char) ('a' + i);
            assertThat(result.stdout()).contains("/dev/%1$s /mnt/%1$s %2$s".formatted(device, filesystem.text()));
            VmFixture.check(filesystem, disk.path()); // also that it was unmounted
            Path mount = Files.createTempDirectory(directory, "mount");
            Commands.run("mount", "-o", "loop,ro", disk.path().toString(), mount.toString());
            try {
                assertThat(mount.resolve("file")).hasContent("proof of " + device);
            } finally {
                Commands.run("umount", mount.toString());
            }
            Files.delete(mount);
            disk.close();
        }
    }

    @Test
    void fourMachinesAtOnceEachWithItsDiskAndItsStatus() throws Exception {
        VmFixture.requireFormatters();
        Map<String, Integer> endings = Map.of("exit 0", 0, "exit 1", 1, "exit 42", 42, "kill -TERM $$", 128 + 15);
        DiskTemplates templates =
                DiskTemplates.at(Files.createTempDirectory(shared, "parallel"), fixture.environment());
        ExecutorService threads = Executors.newFixedThreadPool(endings.size());
        Map<String, Future<VmResult>> results = new HashMap<>();
        for (String ending : endings.keySet()) {
            results.put(ending, threads.submit(() -> {
                try (TestDisk disk = templates.newDisk(VmFixture.spec(Filesystem.EXT4))) {
                    VmResult result = fixture.vm()
                            .disk(disk)
                            .env("ENDING", ending)
                            .script("mount /dev/vda /mnt || exit 99; echo \"$ENDING\" | tee /mnt/file; " + ending)
                            .run();
                    Commands.run("grep", "-q", "-a", "-F", ending, disk.path().toString());
                    VmFixture.check(Filesystem.EXT4, disk.path());
                    return result;
                }
            }));
        }
        threads.shutdown();
        for (Map.Entry<String, Integer> ending : endings.entrySet()) {
            VmResult result =
                    Objects.requireNonNull(results.get(ending.getKey())).get();
            assertThat(result.exitCode()).as("%s%n%s", result, result.stderr()).isEqualTo(ending.getValue());
            assertThat(result.stdout()).isEqualTo(ending.getKey() + "\n");
            assertThat(result.toString()).contains("exit status " + ending.getValue());
        }
    }

    @Test
    void outputIsByteForByteWhatTheCommandPrinted() throws Exception {
        byte[] random = new byte[1 << 20];
        new Random().nextBytes(random);
        Path data = Files.write(directory.resolve("data"), random);
        VmResult result = fixture.vm()
                .file(data, "/usr/share/data")
                .command("sh", "-c", "cat /usr/share/data; sha256sum /usr/share/data >&2; printf 'a\\0b\\0'; exit 42")
                .run();
        assertThat(result.exitCode()).as("%s", result).isEqualTo(42);
        assertThat(result.stderr()).isEqualTo(sha256(random) + "  /usr/share/data\n");
        assertThat(result.stdoutBytes())
                .startsWith(random)
                .endsWith('a', 0, 'b', 0)
                .hasSize(random.length + 4);
        Files.delete(data);
    }

    @Test
    void aCommandThatTalksLikeOurOwnProtocolConfusesNobody() throws Exception {
        // It is the only one that has the ports open, and what it leaves running holds nothing up.
        VmResult result = fixture.vm().script("""
                sleep 1000 &
                (while :; do echo noise >/dev/null; done) &
                setsid sh -c 'trap "" TERM HUP; sleep 1000' &
                for words in ready 'exit 3' bye 0123456789abcdef01234567; do
                  echo "$words"
                  echo "$words" >&2
                done
                for port in /dev/vport* $(find /proc/1/fd -type l -exec sh -c 'readlink $1 | grep -q vport && echo $1' sh {} ';'); do
                  echo port
                  (echo 'exit 3' >"$port") 2>/tmp/error && echo "could write to $port"
                  grep -q 'busy' /tmp/error || cat /tmp/error
                done
                echo to-stdout >/dev/stdout
                echo to-stderr >/dev/stderr
                echo ktstr-init: nonsense >/dev/console
                printf 0123456789abcdef01234567
                exit 1
                """).run();
        assertThat(result.exitCode()).as("%s%n%s", result, result.stderr()).isOne();
        String protocol = "ready\nexit 3\nbye\n0123456789abcdef01234567\n";
        assertThat(result.stdout()).isEqualTo(protocol + "port\n".repeat(6) + "to-stdout\n0123456789abcdef01234567");
        assertThat(result.stderr()).isEqualTo(protocol + "to-stderr\n");
        assertThat(result.console()).contains("ktstr-init: nonsense");
        assertThat(result.duration()).isLessThan(Duration.ofMinutes(1));
    }

    @Test
    void wordsAndVariablesArriveAsTheyAreAndProgramsBringTheirLibraries() throws Exception {
        List<String> odd = List.of("", " ", "'", "\"", "$HOME", "a\nb", "`id`", "\\", "*", "-n", "größe", "a'b'\\''c");
        List<String> words = new ArrayList<>(List.of("sh", "-c", """
                printf '<%s>' "$@" "$ODD" "$EMPTY"
                echo
                tool
                hoststat -c %s /usr/share/data
                mkfs.btrfs --version >/dev/null && echo btrfs
                echo "$HOME $PWD $TERM"
                read -r line || echo no input
                """, "sh"));
        words.addAll(odd);
        String value = "it's \"$HOME\"\n`x` \\";
        Path data = Files.writeString(directory.resolve("da,ta"), "12345");
        Path tool = Files.writeString(directory.resolve("tool"), "#!/bin/sh\necho a tool\n");
        Commands.run("chmod", "700", tool.toString());
        VirtualMachine.Builder vm = fixture.vm()
                .file(data, "/usr/share/data")
                .file(tool, "/usr/local/bin/tool")
                .file(Path.of("/usr/bin/stat"), "/usr/local/bin/hoststat")
                .env("ODD", value)
                .env("EMPTY", "");
        Optional<Path> mkfs = List.of("/usr/sbin", "/sbin", "/usr/bin").stream()
                .map(each -> Path.of(each, "mkfs.btrfs"))
                .filter(Files::isExecutable)
                .findFirst();
        mkfs.ifPresent(program -> vm.file(program, "/usr/local/sbin/mkfs.btrfs"));
        VmResult result = vm.command(words.toArray(String[]::new)).run();
        assertThat(result.exitCode()).as("%s%n%s", result, result.stderr()).isZero();
        assertThat(result.stdout())
                .isEqualTo("<" + String.join("><", odd) + "><" + value + "><>\na tool\n5\n"
                        + mkfs.map(there -> "btrfs\n").orElse("") + "/root / dumb\nno input\n");
        Files.delete(data);
        Files.delete(tool);
    }

    @Test
    void anUnknownCommandHasStatus127AndSaysSo() throws Exception {
        VirtualMachine vm = fixture.vm().build().command("no-such-program", "x");
        VmResult result = vm.run();
        assertThat(result.exitCode()).isEqualTo(127);
        assertThat(result.stderr()).contains("no-such-program").contains("not found");
        assertThatExceptionOfType(VmException.class)
                .isThrownBy(result::expectSuccess)
                .withMessageContaining("exit status 127")
                .withMessageContaining("no-such-program: not found");
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
