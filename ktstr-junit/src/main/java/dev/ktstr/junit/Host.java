package dev.ktstr.junit;

import dev.ktstr.Environment;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.disk.DiskTemplates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The stores of this machine, and what is set for all tests.
 *
 * @param hasCacheDirectoryOfItsOwn whether the stores are elsewhere than the environment says
 */
record Host(
        Environment environment,
        Settings settings,
        KernelCache kernels,
        DiskTemplates disks,
        boolean hasCacheDirectoryOfItsOwn) {

    /** That of a context; all that are configured in the same way have the same. */
    static Host of(ExtensionContext context) throws IOException {
        ExtensionContext root = context.getRoot();
        Configuration configuration = Configuration.in(context);
        Optional<Host> present = Stored.shared(root, configuration.host(), Host.class);
        if (present.isPresent()) {
            return present.get();
        }
        Host fresh = open(configuration, root);
        return Stored.shared(root, configuration.host(), Host.class, () -> fresh);
    }

    private static Host open(Configuration configuration, ExtensionContext context) throws IOException {
        Environment given = configuration.environment();
        Settings settings = Settings.read(context::getConfigurationParameter, configuration.preparedSettings(), given);
        settings.check();
        Optional<Path> chosen = configuration.cacheDirectory();
        Optional<Path> directory = chosen.isPresent() ? chosen : settings.cacheDirectory();
        // In a variable, so that what virtual machines keep goes there, too.
        Environment environment = directory
                .map(path -> given.withVariable("KTSTR_CACHE_DIR", path.toString()))
                .orElse(given);
        return new Host(
                environment,
                settings,
                KernelCache.open(environment),
                DiskTemplates.open(environment),
                directory.isPresent());
    }
}
