package dev.ktstr.junit;

import dev.ktstr.Environment;
import dev.ktstr.disk.DiskSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What an extension object was built with.
 *
 * @param isExplicit whether somebody built it, rather than JUnit for an annotation
 */
record Configuration(
        boolean isExplicit,
        @Nullable String kernelSelector,
        OnMissing onMissing,
        @Nullable DiskSpec diskSpec,
        @Nullable Path directory,
        Path preparedSettings,
        Environment environment) {

    static Configuration ofAnnotations() {
        return new Configuration(false, null, OnMissing.DEFAULT, null, null, Settings.PREPARED, Environment.system());
    }

    /** That of the nearest extension object that was built, outwards. */
    static Configuration in(ExtensionContext context) {
        return Stored.nearest(context, Configuration.class).orElseGet(Configuration::ofAnnotations);
    }

    /** Makes this that of a context, unless it is that already, or of one around it, within which there may be another. */
    void announce(ExtensionContext context) {
        if (Stored.outwards(context)
                .flatMap(each -> Stored.in(each, Configuration.class).stream())
                .noneMatch(this::equals)) {
            Stored.put(context, Configuration.class, this);
        }
    }

    /** What decides which stores are used. */
    List<Object> host() {
        return List.of(environment, preparedSettings, cacheDirectory());
    }

    Optional<String> kernel() {
        return Optional.ofNullable(kernelSelector);
    }

    Optional<DiskSpec> disk() {
        return Optional.ofNullable(diskSpec);
    }

    Optional<Path> cacheDirectory() {
        return Optional.ofNullable(directory);
    }
}
