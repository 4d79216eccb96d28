package dev.ktstr.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ktstr.ErrorCode;
import dev.ktstr.elf.DynamicElf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SharedLibrariesTest {
    private static final Pattern FOUND = Pattern.compile("(?m)^\\s(?:\\S+ => )?(/\\S+) \\(0x");

    @TempDir
    private Path scratch;

    /** Of a machine that is made up, with a merged /usr as on Debian. */
    private Path root;

    private Path libraries;
    private Path loader;
    private Path program;

    @BeforeEach
    void makeMachine() throws IOException {
        root = scratch.toRealPath();
        libraries = root.resolve("usr/lib/x86_64-linux-gnu");
        new DynamicElf().writeTo(libraries.resolve("ld-linux-x86-64.so.2"));
        loader = root.resolve("lib64/ld-linux-x86-64.so.2");
        Files.createDirectory(root.resolve("lib64"));
        Files.createSymbolicLink(loader, Path.of("../usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"));
        Files.createDirectory(root.resolve("etc"));
        program = root.resolve("bin/program");
    }

    private Map<String, Path> resolve() throws IOException {
        return new SharedLibraries(root.resolve("etc")).resolve(program);
    }

    private DynamicElf program() {
        return new DynamicElf().interpreter(loader);
    }

    private static DynamicElf library() {
        return new DynamicElf();
    }

    /** The library of that name in the guest is this file. */
    private void assertFound(String name, Path file) throws IOException {
        assertThat(resolve()).containsEntry(libraries.resolve(name).toString(), file);
    }

    // What real programs need.

    static List<String> realPrograms() {
        return List.of(
                "/bin/sh",
                "/bin/ls",
                "/usr/sbin/mkfs.btrfs",
                "/usr/sbin/mkfs.xfs",
                "/usr/sbin/mkfs.ext4",
                "/usr/bin/qemu-system-x86_64",
                "/usr/bin/python3",
                // Finds libjli.so by $ORIGIN.
                System.getProperty("java.home") + "/bin/java");
    }

    @ParameterizedTest
    @MethodSource("realPrograms")
    void realProgramsGetWhatTheirLoaderLoads(String path) throws Exception {
        assumeTrue(Files.exists(Path.of(path)), () -> path + " is not on this machine");

        Map<String, Path> files = new SharedLibraries().resolve(Path.of(path));

        assertAsLoaderSays(Path.of(path), files);
        Map.Entry<String, Path> first = files.entrySet().iterator().next();
        assertThat(first.getKey()).startsWith("/lib");
        assertThat(first.getValue()).isEqualTo(Path.of(first.getKey()).toRealPath());
        assertThat(files.keySet().stream().skip(1))
                .allMatch(guest -> Objects.equals(
                        Path.of(guest).getParent(), first.getValue().getParent()));
    }

    private static void assertAsLoaderSays(Path program, Map<String, Path> files) throws Exception {
        String interpreter = files.keySet().iterator().next();
        Set<Path> expected = new TreeSet<>();
        for (String file : FOUND.matcher(run(interpreter, "--list", program.toString()))
                .results()
                .map(found -> found.group(1))
                .toList()) {
            expected.add(Path.of(file).toRealPath());
        }
        assertThat(new TreeSet<>(files.values())).isEqualTo(expected);
    }

    @Tag("root")
    @ParameterizedTest
    @ValueSource(strings = {"/bin/ls", "/usr/sbin/mkfs.btrfs", "/usr/sbin/mkfs.xfs"})
    void theyStartWithNothingElse(String path) throws Exception {
        assumeTrue(Files.exists(Path.of(path)), () -> path + " is not on this machine");
        assumeTrue(run("id", "-u").equals("0\n"), "only root may chroot");
        Path guest = root.resolve("guest");
        Map<String, Path> files = new SharedLibraries().resolve(Path.of(path));
        copy(Path.of(path).toRealPath(), guest.resolve("program"));
        for (Map.Entry<String, Path> file : files.entrySet()) {
            copy(file.getValue(), guest.resolve(file.getKey().substring(1)));
        }

        assertThat(run("chroot", guest.toString(), "/program", path.endsWith("xfs") ? "-V" : "--version"))
                .containsPattern("[0-9]+\\.[0-9]+");
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(Objects.requireNonNull(to.getParent()));
        Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
    }

    @Tag("gcc")
    @ParameterizedTest
    @ValueSource(strings = {"--disable-new-dtags", "--enable-new-dtags"})
    void whatGccLinksIsFoundAsByTheLoader(String tags) throws Exception {
        // The program's path leads to libktstr-a.so; to libktstr-b.so, which that needs, only if it is an RPATH.
        boolean isInherited = tags.equals("--disable-new-dtags");
        Path a = Files.createDirectories(root.resolve("build/a"));
        Path b = Files.createDirectories(root.resolve("build/b"));
        Path aSource = Files.writeString(root.resolve("a.c"), "int b(void); int a(void) { return b(); }\n");
        Path bSource = Files.writeString(root.resolve("b.c"), "int b(void) { return 0; }\n");
        Path main = Files.writeString(root.resolve("main.c"), "int a(void); int main(void) { return a(); }\n");
        Files.createDirectory(root.resolve("bin"));
        Path libraryB = b.resolve("libktstr-b.so");
        gcc("-shared", "-o", libraryB, bSource);
        gcc("-shared", "-o", a.resolve("libktstr-a.so"), aSource, "-L" + b, "-lktstr-b");
        gcc(
                "-o",
                program,
                main,
                "-L" + a,
                "-lktstr-a",
                "-Wl,-rpath-link," + b,
                "-Wl," + tags + ",-rpath,$ORIGIN/../build/a:${ORIGIN}/../build/b");

        if (isInherited) {
            assertAsLoaderSays(program, new SharedLibraries().resolve(program));
            assertThat(new SharedLibraries().resolve(program)).containsValue(libraryB);
        } else {
            assertThat(run("sh", "-c", "\"$1\" 2>&1 || true", "sh", program)).contains("libktstr-b.so");
            assertThatThrownBy(() -> new SharedLibraries().resolve(program)).hasMessageContaining("libktstr-b.so");
        }
    }

    @Tag("gcc")
    @ParameterizedTest
    @ValueSource(strings = {"-static", "-static-pie"})
    void staticProgramsNeedNothing(String how) throws Exception {
        Path main = Files.writeString(root.resolve("main.c"), "int main(void) { return 0; }\n");
        Files.createDirectory(root.resolve("bin"));
        gcc(how, "-o", program, main);

        assertThat(new SharedLibraries().resolve(program)).isEmpty();
    }

    private static void gcc(Object... arguments) throws Exception {
        List<Object> command = new ArrayList<>(List.of("gcc"));
        command.addAll(Arrays.asList(arguments));
        run(command.toArray());
    }

    private static String run(Object... command) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(Arrays.stream(command).map(Object::toString).toList());
        builder.environment().remove("LD_LIBRARY_PATH");
        Process process;
        try {
            process = builder.redirectErrorStream(true).start();
        } catch (IOException e) {
            return abort(command[0] + " cannot be started here: " + e.getMessage());
        }
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }

    // What needs nothing.

    @Test
    void whatNoLoaderStartsNeedsNothing() throws IOException {
        Files.createDirectories(root.resolve("bin"));
        Files.writeString(program, "#!/bin/sh\nexit 0\n");
        assertThat(resolve()).isEmpty();
        Files.write(program, new byte[0]);
        assertThat(resolve()).isEmpty();
        library().writeTo(program);
        assertThat(resolve()).isEmpty();
        library().needs("libktstr-missing.so").writeTo(program);
        assertThat(resolve()).isEmpty();
    }

    @Test
    void aProgramThatIsNotThereIsNoProgramWithoutLibraries() {
        assertThatThrownBy(this::resolve).isInstanceOf(NoSuchFileException.class);
    }

    // Where things are put.

    @Test
    void librariesGoWhereTheLoaderReallyIsBreadthFirst() throws IOException {
        library().needs("libktstr-c.so").writeTo(libraries.resolve("libktstr-a.so"));
        library().needs("libktstr-a.so", "ld-linux-x86-64.so.2").writeTo(libraries.resolve("libktstr-b.so.1.2"));
        Files.createSymbolicLink(libraries.resolve("libktstr-b.so"), Path.of("libktstr-b.so.1.2"));
        library().writeTo(libraries.resolve("libktstr-c.so"));
        program().needs("libktstr-a.so", "libktstr-b.so").writeTo(program);

        Map<String, Path> files = resolve();

        assertThat(files.keySet())
                .containsExactly(
                        loader.toString(),
                        libraries.resolve("libktstr-a.so").toString(),
                        libraries.resolve("libktstr-b.so").toString(),
                        libraries.resolve("libktstr-c.so").toString());
        assertThat(files.values())
                .containsExactly(
                        libraries.resolve("ld-linux-x86-64.so.2"),
                        libraries.resolve("libktstr-a.so"),
                        libraries.resolve("libktstr-b.so.1.2"),
                        libraries.resolve("libktstr-c.so"));
    }

    @Test
    void aPathIsWhereItSays() throws IOException {
        Path library = library().writeTo(root.resolve("opt/libktstr-a.so"));
        program().needs(root.resolve("usr/../opt/libktstr-a.so"), loader).writeTo(program);

        assertThat(resolve())
                .containsOnlyKeys(loader.toString(), library.toString())
                .containsEntry(library.toString(), library);
    }

    @Test
    void twoNamesOfAFileAreTwoPathsInTheGuest() throws IOException {
        Path library = library().writeTo(libraries.resolve("libktstr-a.so.1"));
        Files.createSymbolicLink(libraries.resolve("libktstr-a.so"), Path.of("libktstr-a.so.1"));
        program().needs("libktstr-a.so", "libktstr-a.so.1").writeTo(program);

        assertFound("libktstr-a.so", library);
        assertFound("libktstr-a.so.1", library);
    }

    @Test
    void twoFilesForOnePathAreRefused() throws IOException {
        Path one = library().writeTo(root.resolve("opt/libktstr-a.so"));
        Path two = library().writeTo(libraries.resolve("libktstr-a.so"));
        program()
                .needs("libktstr-a.so", two)
                .text(DynamicElf.RUNPATH, root + "/opt")
                .writeTo(program);

        assertRefused("two different files at " + two + " in the guest: " + one + " and " + two);
    }

    // Where things are looked for.

    @Test
    void theRpathOfWhatLoadedAnObjectCountsUnlessItHasARunpath() throws IOException {
        Path a = root.resolve("opt/a/libktstr-a.so");
        Path inherited = library().writeTo(root.resolve("opt/b/libktstr-b.so"));
        Path system = library().writeTo(libraries.resolve("libktstr-b.so"));
        program()
                .text(DynamicElf.RPATH, root + "/opt/a:relative::" + root + "/opt/b")
                .needs("libktstr-a.so")
                .writeTo(program);

        library().needs("libktstr-b.so").writeTo(a);
        assertFound("libktstr-b.so", inherited);

        library().needs("libktstr-b.so").text(DynamicElf.RPATH, root + "/none").writeTo(a);
        assertFound("libktstr-b.so", inherited);

        library()
                .needs("libktstr-b.so")
                .text(DynamicElf.RUNPATH, root + "/none")
                .writeTo(a);
        assertFound("libktstr-b.so", system);
    }

    @Test
    void aRunpathIsForItsObjectOnlyAndTurnsItsRpathOff() throws IOException {
        library().needs("libktstr-b.so").writeTo(root.resolve("opt/a/libktstr-a.so"));
        library().writeTo(root.resolve("opt/a/libktstr-b.so"));
        library().writeTo(root.resolve("opt/b/libktstr-b.so"));
        Path system = library().writeTo(libraries.resolve("libktstr-b.so"));
        program()
                .text(DynamicElf.RPATH, root + "/opt/b")
                .text(DynamicElf.RUNPATH, root + "/opt/a")
                .needs("libktstr-a.so")
                .writeTo(program);

        assertFound("libktstr-b.so", system);
    }

    @Test
    void theFirstThatNeedsANameDecides() throws IOException {
        library()
                .needs("libktstr-b.so")
                .text(DynamicElf.RUNPATH, root + "/opt")
                .writeTo(libraries.resolve("libktstr-a.so"));
        library().writeTo(root.resolve("opt/libktstr-b.so"));
        Path system = library().writeTo(libraries.resolve("libktstr-b.so"));
        program().needs("libktstr-a.so", "libktstr-b.so").writeTo(program);

        assertFound("libktstr-b.so", system);
    }

    @Test
    void tokensAreExpanded() throws IOException {
        Path byOrigin = library().writeTo(root.resolve("opt/one/libktstr-1.so"));
        Path byLib = library().writeTo(root.resolve("opt/lib/x86_64-linux-gnu/libktstr-2.so"));
        Path byLib64 = library().writeTo(root.resolve("opt/lib64/libktstr-3.so"));
        Path byPlatform = library().writeTo(root.resolve("opt/x86_64/libktstr-4.so"));
        Path byNone = library().writeTo(root.resolve("opt/$ORIGINAL/libktstr-5.so"));
        program()
                .text(
                        DynamicElf.RUNPATH,
                        "$ORIGIN/".repeat(100_000) + ":$ORIGIN/../opt/one:${ORIGIN}/../opt/$LIB:" + root
                                + "/opt/$PLATFORM:" + root + "/opt/$ORIGINAL")
                .needs("libktstr-1.so", "libktstr-2.so", "libktstr-3.so", "libktstr-4.so", "libktstr-5.so")
                .writeTo(root.resolve("real/program"));
        Files.createDirectory(root.resolve("bin"));
        Files.createSymbolicLink(program, Path.of("../real/program"));

        assertFound("libktstr-1.so", byOrigin);
        assertFound("libktstr-2.so", byLib);
        assertFound("libktstr-3.so", byLib64);
        assertFound("libktstr-4.so", byPlatform);
        assertFound("libktstr-5.so", byNone);
    }

    @Test
    void theOriginOfALibraryIsWhereItWasFound() throws IOException {
        library()
                .text(DynamicElf.RUNPATH, "$ORIGIN/plugins")
                .needs("libktstr-b.so")
                .writeTo(root.resolve("real/libktstr-a.so.1"));
        Files.createDirectory(root.resolve("opt"));
        Files.createSymbolicLink(root.resolve("opt/libktstr-a.so"), Path.of("../real/libktstr-a.so.1"));
        library().writeTo(root.resolve("real/plugins/libktstr-b.so"));
        Path found = library().writeTo(root.resolve("opt/plugins/libktstr-b.so"));
        program().text(DynamicElf.RUNPATH, root + "/opt").needs("libktstr-a.so").writeTo(program);

        assertFound("libktstr-b.so", found);
    }

    @Test
    void configuredDirectoriesComeBeforeThatOfTheLoader() throws IOException {
        Path etc = root.resolve("etc");
        Files.createDirectories(etc.resolve("ld.so.conf.d"));
        Files.writeString(etc.resolve("ld.so.conf"), """
                # include nothing.conf
                hwcap 0 nosegneg
                include /etc/ld.so.conf.d/*.conf  more/[a-z]{1}.conf ld.so.conf
                relative
                  %s/last
                """.formatted(root));
        Files.writeString(etc.resolve("ld.so.conf.d/b.conf"), root + "/b  # libc5\n" + root + "/with space=libc6\n");
        Files.writeString(etc.resolve("ld.so.conf.d/a.conf"), "include /etc/ld.so.conf\n" + root + "/a\n");
        Files.writeString(etc.resolve("ld.so.conf.d/.c.conf"), root + "/hidden\n");
        Files.writeString(etc.resolve("ld.so.conf.d/d.off"), root + "/off\n");
        Files.createDirectory(etc.resolve("more"));
        Files.writeString(etc.resolve("more/x{1}.conf"), root + "/more\n");

        assertThat(LdSoConf.directories(etc))
                .containsExactly(
                        root.resolve("a"),
                        root.resolve("b"),
                        root.resolve("with space"),
                        root.resolve("more"),
                        root.resolve("last"));
        library().writeTo(libraries.resolve("libktstr-a.so"));
        Path configured = library().writeTo(root.resolve("last/libktstr-a.so"));
        program().needs("libktstr-a.so").writeTo(program);
        assertFound("libktstr-a.so", configured);
    }

    @Test
    void otherMachinesAndWhatIsNoFileArePassedOver() throws IOException {
        library().machine(183).writeTo(root.resolve("one/libktstr-a.so"));
        library().elf32().writeTo(root.resolve("two/libktstr-a.so"));
        Files.createDirectories(root.resolve("three/libktstr-a.so"));
        Path ours = library().writeTo(root.resolve("four/libktstr-a.so"));
        program()
                .text(DynamicElf.RUNPATH, "$ORIGIN/../one:$ORIGIN/../two:$ORIGIN/../three:$ORIGIN/../four")
                .needs("libktstr-a.so")
                .writeTo(program);

        assertFound("libktstr-a.so", ours.toRealPath());
    }

    // musl.

    @Test
    void muslLooksInItsOwnDirectoriesAndIsItsOwnLibc() throws IOException {
        Path libc = library().writeTo(root.resolve("lib/x86_64-linux-musl/libc.so"));
        Path musl = root.resolve("lib/ld-musl-x86_64.so.1");
        Files.createSymbolicLink(musl, Path.of("x86_64-linux-musl/libc.so"));
        Files.writeString(root.resolve("etc/ld-musl-x86_64.path"), "/none:relative\n" + root + "/opt\n");
        Files.writeString(root.resolve("etc/ld.so.conf"), root + "/glibc\n");
        library().writeTo(root.resolve("glibc/libktstr-a.so"));
        Path a = library().needs("libc.musl-x86_64.so.1", "libktstr-b.so").writeTo(root.resolve("opt/libktstr-a.so"));
        Path b = library().writeTo(root.resolve("private/libktstr-b.so"));
        new DynamicElf()
                .interpreter(musl)
                .text(DynamicElf.RUNPATH, "$ORIGIN/../private")
                .needs("libc.so", "libpthread.so.0", "libktstr-a.so")
                .writeTo(program);

        assertThat(resolve())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(musl.toString(), libc, "/lib/libktstr-a.so", a, "/lib/libktstr-b.so", b));
    }

    @Test
    void muslHasDefaults() throws IOException {
        Path interpreter = root.resolve("lib/ld-musl-x86_64.so.1");
        DynamicLoader musl = DynamicLoader.of(interpreter, interpreter, root.resolve("etc"));

        assertThat(musl.system()).containsExactly(Path.of("/lib"), Path.of("/usr/local/lib"), Path.of("/usr/lib"));
        assertThat(musl.isItself("libcrypt.so.1")).isFalse();
        assertThat(musl.isItself("libm.so.6")).isTrue();
    }

    // What is refused.

    @Test
    void aMissingLibraryIsNamedWithWhatWantsItAndWhereItWasLookedFor() throws IOException {
        Path a = library().needs("libktstr-b.so.1\n").writeTo(libraries.resolve("libktstr-a.so"));
        program().needs("libktstr-a.so").writeTo(program);

        assertRefused("it needs the shared library libktstr-b.so.1\uFFFD (wanted by " + a + "), which is in none of: "
                + libraries
                + ", /lib/x86_64-linux-gnu, /usr/lib/x86_64-linux-gnu, /lib64, /usr/lib64, /lib, /usr/lib\n");
        assertRefused("fix   install the package that has it, or link the program statically");
    }

    @Test
    void pathsToNothingAreRefused() throws IOException {
        program().needs("/none/libktstr-a.so").writeTo(program);
        assertRefused("the shared library /none/libktstr-a.so (wanted by " + program + "), which is not there");

        new DynamicElf().interpreter("/lib/ld-none.so.1").writeTo(program);
        assertRefused("the dynamic loader /lib/ld-none.so.1 (wanted by " + program + "), which is not there");

        program().machine(183).writeTo(program);
        assertRefused("the dynamic loader " + loader);
    }

    @Test
    void pathsThatMeanSomethingElseInTheGuestAreRefused() throws IOException {
        program().needs("./libktstr-a.so").writeTo(program);
        assertRefused("it needs ./libktstr-a.so (wanted by " + program + "), which may be another file in the guest");

        program().needs("$ORIGIN/libktstr-a.so").writeTo(program);
        assertRefused("it needs $ORIGIN/libktstr-a.so");

        new DynamicElf().interpreter("ld.so").writeTo(program);
        assertRefused("it needs ld.so");
    }

    @Test
    void damageIsRefusedByTheNameOfTheProgram() throws IOException {
        Files.writeString(libraries.resolve("libktstr-a.so"), "INPUT(libktstr-a.so.1)");
        program().needs("libktstr-a.so").writeTo(program);
        assertRefused("it needs the shared library " + libraries.resolve("libktstr-a.so") + " (wanted by " + program
                + "), which cannot be used: it does not start with the ELF magic number");

        program().elf32().writeTo(program);
        assertRefused("what it needs cannot be told: it is ELF32");
    }

    private void assertRefused(String problem) {
        assertThatThrownBy(this::resolve)
                .isInstanceOfSatisfying(
                        VmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.GUEST_FILE))
                .hasMessageContaining("preparing " + program + " for the guest: ")
                .hasMessageContaining(problem);
    }
}
