package dev.ktstr.maven.doctor;

import dev.ktstr.Environment;
import dev.ktstr.Printable;
import java.util.Optional;
import org.apache.maven.model.Build;

/**
 * Where the question is asked.
 *
 * @param isCacheDirSet whether the cache directory was given as a property, which stands in {@code KTSTR_CACHE_DIR} here
 * @param pluginVersion for commands that start other goals
 * @param mavenVersion that runs this
 * @param build what the project's model says of its plugins; empty without a project
 */
public record Surroundings(
        Environment environment,
        boolean isCacheDirSet,
        String pluginVersion,
        String mavenVersion,
        Optional<Build> build) {

    /** Where there is no project. */
    public static Surroundings withoutProject(
            Environment environment, boolean isCacheDirSet, String pluginVersion, String mavenVersion) {
        return new Surroundings(environment, isCacheDirSet, pluginVersion, mavenVersion, Optional.empty());
    }

    /** A command that runs another goal on the same store, whatever the POM is. */
    String goal(String name, String cacheDirectory, String... properties) {
        StringBuilder command = new StringBuilder("mvn dev.ktstr:ktstr-maven-plugin:" + pluginVersion + ":" + name);
        for (String each : properties) {
            command.append(" -Dktstr.").append(each);
        }
        if (isCacheDirSet) {
            command.append(" -Dktstr.cacheDir=").append(Printable.shellWord(cacheDirectory));
        }
        return command.toString();
    }
}
