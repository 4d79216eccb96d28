package dev.ktstr.maven;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.PackageId;
import dev.ktstr.cache.StoreRequest;
import dev.ktstr.cache.StoreResult;
import dev.ktstr.maven.packages.KernelPackages;
import dev.ktstr.maven.packages.Meter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Where kernels come from, for every goal that stores some. */
final class KernelSources {
    /** A kernel of packages, stored, and what packages they are. */
    record Packaged(StoreResult result, List<PackageId> packages) {}

    /** What a request says besides where the kernel is. */
    interface Addition {
        void addTo(StoreRequest.Builder request) throws IOException;
    }

    private KernelSources() {}

    /** Stores the kernel of distribution packages. */
    static Packaged store(KernelCache cache, List<Path> packages, Addition addition, Meter meter) throws IOException {
        try (KernelPackages kernel = KernelPackages.open(packages, meter)) {
            StoreRequest.Builder request =
                    StoreRequest.builder().packages(kernel.ids()).contents(kernel);
            addition.addTo(request);
            return new Packaged(cache.store(request.build()), kernel.ids());
        }
    }

    /** Parses a choice of modules, naming what it was given for when it is none. */
    static Modules modules(String what, String text) throws GoalException {
        for (Modules each : Modules.values()) {
            if (each.text().equals(text)) {
                return each;
            }
        }
        throw new GoalException(
                ErrorCode.ENV_SETTING,
                "reading " + what + ": \"" + text + "\" is none of none, boot and all",
                null,
                "leave it out for boot: what a virtual machine needs to find its disks");
    }
}
