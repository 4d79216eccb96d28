package dev.ktstr.maven.doctor;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.maven.model.Build;
import org.apache.maven.model.Plugin;
import org.apache.maven.model.PluginManagement;

/** Who runs the project's tests: the effective model says which version Maven takes. */
final class SurefireGroup {
    private static final String MAVEN_PLUGINS = "org.apache.maven.plugins:";
    private static final String ADVISED = "3.6.1";
    private static final Pattern VERSION = Pattern.compile("([0-9]{1,9})\\.([0-9]{1,9})(?:[.-].*)?");

    private final String mavenVersion;
    private final Build build;

    SurefireGroup(String mavenVersion, Build build) {
        this.mavenVersion = mavenVersion;
        this.build = build;
    }

    void examine(Findings findings) {
        findings.check("surefire", () -> surefire("maven-surefire-plugin"));
        findings.check("failsafe", () -> failsafe("maven-failsafe-plugin"));
    }

    private Finding surefire(String artifact) {
        Optional<String> version = version(artifact);
        return version.isPresent() ? judged("surefire", artifact, version.get()) : absent("surefire", artifact);
    }

    private Finding failsafe(String artifact) {
        Optional<String> version = version(artifact);
        if (version.isPresent()) {
            return judged("failsafe", artifact, version.get());
        }
        return find(build.getPlugins().stream(), artifact).isPresent()
                ? absent("failsafe", artifact)
                : Finding.ok("failsafe", "not in the POM: needed only for test classes named *IT");
    }

    private Finding absent(String name, String artifact) {
        return Finding.warn(
                name,
                "no POM says which version of " + artifact
                        + " to take: Maven 3.8 and older take a Surefire (2.12.4) that"
                        + " runs no JUnit 5 test, and say BUILD SUCCESS; this is Maven " + mavenVersion,
                remedy(artifact));
    }

    private Finding judged(String name, String artifact, String version) {
        Matcher numbers = VERSION.matcher(version);
        if (!numbers.matches()) {
            return Finding.warn(
                    name,
                    artifact + " \"" + version + "\" has no version that can be told older from newer",
                    remedy(artifact));
        }
        int major = Integer.parseInt(numbers.group(1));
        int minor = Integer.parseInt(numbers.group(2));
        if (major > 3 || (major == 3 && minor >= 6)) {
            return Finding.ok(name, artifact + " " + version);
        }
        boolean isBlind = major < 2 || (major == 2 && minor < 22);
        return Finding.warn(
                name,
                artifact + " " + version + " (from a POM, or what Maven " + mavenVersion
                        + " takes where none says it): "
                        + (isBlind
                                ? "it runs no JUnit 5 test, and the build says BUILD SUCCESS"
                                : "older than 3.6, it may count a class that fails with one of several kernels as passed"
                                        + " when it runs it again"),
                remedy(artifact));
    }

    /** In the plugins, which have what pluginManagement says merged into them; else there. */
    private Optional<String> version(String artifact) {
        PluginManagement management = build.getPluginManagement();
        Stream<Plugin> managed = management == null ? Stream.empty() : management.getPlugins().stream();
        return find(
                        Stream.concat(build.getPlugins().stream(), managed).filter(each -> each.getVersion() != null),
                        artifact)
                .map(Plugin::getVersion);
    }

    private static Optional<Plugin> find(Stream<Plugin> plugins, String artifact) {
        return plugins.filter(each -> each.getKey().equals(MAVEN_PLUGINS + artifact))
                .findFirst();
    }

    private static List<String> remedy(String artifact) {
        return List.of(
                "# in the POM, below <project>; where it has a <build> with <pluginManagement>, only the <plugin>:",
                "<build>",
                "  <pluginManagement>",
                "    <plugins>",
                "      <plugin>",
                "        <artifactId>" + artifact + "</artifactId>",
                "        <version>" + ADVISED + "</version>",
                "      </plugin>",
                "    </plugins>",
                "  </pluginManagement>",
                "</build>");
    }
}
