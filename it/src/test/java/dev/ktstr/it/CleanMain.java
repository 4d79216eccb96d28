package dev.ktstr.it;

import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.publish.CleanReport;
import java.io.IOException;
import java.nio.file.Path;

/** A process that removes all kernels, and says what became of them. */
final class CleanMain {
    private CleanMain() {}

    /** Argument: cache directory. */
    public static void main(String[] arguments) throws IOException {
        CleanReport report = KernelCache.at(Path.of(arguments[0]))
                .clean(CleanPolicy.builder().all(true).build());
        report.removed().forEach(each -> System.out.println("removed " + each.key()));
        report.skipped().forEach(each -> System.out.println("skipped " + each.key() + " " + each.why()));
        report.failed().forEach(each -> System.out.println("failed " + each.key() + " " + each.why()));
    }
}
