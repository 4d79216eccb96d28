package dev.ktstr.maven.doctor;

import dev.ktstr.os.Filesystems;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The JVM, and what it lets through to the system. */
final class JavaGroup {
    private static final int OLDEST = 17;

    /** From here on the JDK warns when a library calls C without having been allowed to: JEP 472. */
    private static final int WARNS = 24;

    private static final String FLAG = "--enable-native-access";

    private final Surroundings surroundings;
    private final int release;
    private final List<String> arguments;

    JavaGroup(Surroundings surroundings) {
        this(
                surroundings,
                Runtime.version().feature(),
                ManagementFactory.getRuntimeMXBean().getInputArguments());
    }

    /** @param arguments that this JVM was started with */
    JavaGroup(Surroundings surroundings, int release, List<String> arguments) {
        this.surroundings = surroundings;
        this.release = release;
        this.arguments = arguments;
    }

    void examine(Findings findings) {
        findings.check("java", this::java);
        findings.check("system", this::system);
        findings.check("native access", this::nativeAccess);
    }

    private Finding java() {
        String found = "Java " + Runtime.version() + " (" + System.getProperty("java.vendor") + ") in "
                + System.getProperty("java.home");
        return release < OLDEST
                ? Finding.fail(
                        "java",
                        found + "; ktstr needs " + OLDEST + " or newer",
                        List.of("# have JAVA_HOME name a JDK of release " + OLDEST + " or newer"))
                : Finding.ok("java", found);
    }

    private Finding system() throws IOException {
        String name = surroundings.environment().operatingSystem();
        String arch = Machine.arch();
        if (!name.equals("Linux") || !arch.matches("x86_64|aarch64")) {
            return Finding.fail(
                    "system",
                    name + " on " + arch + "; ktstr needs Linux on x86_64 or aarch64",
                    List.of("# run it on such a machine, a virtual one if need be"));
        }
        String kernel = Files.readString(Path.of("/proc/sys/kernel/osrelease"), StandardCharsets.UTF_8);
        return Finding.ok("system", "Linux " + kernel.strip() + " on " + arch);
    }

    private Finding nativeAccess() throws IOException {
        boolean works = Filesystems.typeAt(Path.of("/")).isPresent();
        if (!works) {
            return Finding.fail("native access", "statfs(2) of / by way of JNA failed", Finding.REPORT);
        }
        String found = "JNA calls the C library: statfs(2) of / worked";
        if (release < WARNS || arguments.stream().anyMatch(argument -> argument.startsWith(FLAG))) {
            return Finding.ok("native access", found);
        }
        return Finding.warn(
                "native access",
                found + ", but this JVM was started without " + FLAG + ": Java " + release
                        + " warns of it, a later one will refuse",
                List.of(
                        "# for goals, in the project's directory:",
                        "mkdir -p .mvn && echo " + FLAG + "=ALL-UNNAMED >> .mvn/jvm.config",
                        "# where there is no project:",
                        "export MAVEN_OPTS=\"$MAVEN_OPTS " + FLAG + "=ALL-UNNAMED\"",
                        "# for tests, in the configuration of maven-surefire-plugin and maven-failsafe-plugin:",
                        "<argLine>" + FLAG + "=ALL-UNNAMED</argLine>"));
    }
}
