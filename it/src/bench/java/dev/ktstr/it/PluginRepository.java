package dev.ktstr.it;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A local repository of Maven's with the plugin that has just been built, beside everything that building it took: that is linked.
 *
 * @param path its directory
 * @param version of ours
 */
record PluginRepository(Path path, String version) {
    private static final String GROUP = "dev";
    private static final String ARTIFACTS = "dev/ktstr";

    /** Something of everybody's repository, to tell where that is. */
    private static final Pattern THEIRS = Pattern.compile("(.+)/net/java/dev/jna/jna/[^/]+/jna-[^/]+\\.jar");

    private static final Pattern OURS =
            Pattern.compile("(.+)/ktstr-maven-plugin/target/ktstr-maven-plugin-([^/]+)\\.jar");

    /** @param path an empty directory */
    static PluginRepository in(Path path) throws IOException {
        link(Path.of(onClassPath(THEIRS).group(1)), path);
        Matcher ours = onClassPath(OURS);
        Path project = Path.of(ours.group(1));
        PluginRepository repository = new PluginRepository(path, ours.group(2));
        repository.install("ktstr-parent", project, "pom");
        for (String module : List.of("ktstr-core", "ktstr-maven-plugin")) {
            repository.install(module, project.resolve(module), "pom", "jar");
        }
        return repository;
    }

    /** The version of a plugin that our own build uses. */
    String versionOf(String plugin) throws IOException {
        Pattern declared = Pattern.compile(
                "<artifactId>" + Pattern.quote(plugin) + "</artifactId>\\s*<version>([^<$]+)</version>");
        return declared.matcher(Files.readString(file("ktstr-parent", "pom")))
                .results()
                .findFirst()
                .orElseThrow()
                .group(1);
    }

    private void install(String artifact, Path module, String... types) throws IOException {
        Files.createDirectories(file(artifact, "pom").resolveSibling(""));
        for (String type : types) {
            Path from = type.equals("pom")
                    ? module.resolve("pom.xml")
                    : module.resolve("target/" + artifact + "-" + version + "." + type);
            Files.copy(from, file(artifact, type));
        }
    }

    private Path file(String artifact, String type) {
        return path.resolve(ARTIFACTS)
                .resolve(artifact)
                .resolve(version)
                .resolve(artifact + "-" + version + "." + type);
    }

    private static void link(Path theirs, Path ours) throws IOException {
        try (DirectoryStream<Path> groups = Files.newDirectoryStream(theirs)) {
            for (Path group : groups) {
                if (!group.endsWith(GROUP)) {
                    Files.createSymbolicLink(ours.resolve(group.getFileName()), group);
                }
            }
        }
    }

    private static Matcher onClassPath(Pattern pattern) {
        return Stream.of(System.getProperty("java.class.path").split(":", -1))
                .map(pattern::matcher)
                .filter(Matcher::matches)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("nothing on the class path is like " + pattern));
    }
}
