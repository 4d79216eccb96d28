package dev.ktstr.it;

import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.CleanPolicy;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.lock.LockSurvey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/**
 * A process that uses the store that its environment names in every way, once, and says {@code now TIME}, and of each call {@code
 * ok WHAT SAID}, {@code refused WHAT WHY} for a clear error, or {@code broken WHAT WHY}.
 */
final class UserMain {
    private UserMain() {}

    /** Arguments: templates of boot image and vmlinux, scratch directory, two generations. */
    public static void main(String[] arguments) {
        System.out.println("now " + Instant.now());
        MarkedKernel kernel = new MarkedKernel(Path.of(arguments[0]), Path.of(arguments[1]));
        Environment environment = Environment.system();
        try {
            KernelCache cache = KernelCache.open(environment, event -> {});
            DiskTemplates templates = DiskTemplates.open(environment).withEvents(event -> {});
            StoreUser user = new StoreUser(cache, templates, kernel, Path.of(arguments[2]));
            say(user.store("new", arguments[3]));
            say(user.store("old", arguments[4]));
            say(user.store("old", arguments[4]));
            say(user.lease("old"));
            say(user.list());
            say(Attempt.of(
                    "clean what is older than an hour",
                    () -> cache.clean(CleanPolicy.builder()
                                    .olderThan(Duration.ofHours(1))
                                    .build())
                            .toString()));
            say(user.sweep());
            say(user.ensureTemplate());
            say(user.newDisk());
            say(Attempt.of(
                    "list locks", () -> cache.locks(LockSurvey.now(environment)).size() + " locks"));
            say(Attempt.of("list orphans", () -> templates.orphans().toString()));
            say(Attempt.of("find them again", () -> find(cache)));
        } catch (KtstrException refused) {
            System.out.println("refused opening " + refused.code().id() + " " + inOneLine(refused));
        }
    }

    private static String find(KernelCache cache) throws IOException {
        for (ListedEntry entry : cache.list()) {
            if (!cache.verify(entry.key()).isWhole()) {
                throw new AssertionError(cache.verify(entry.key()).problems().toString());
            }
        }
        return "whole";
    }

    private static void say(Attempt attempt) {
        String how = attempt.succeeded() ? "ok " : attempt.isClear() ? "refused " : "broken ";
        System.out.println(how + attempt.describe());
    }

    private static String inOneLine(Exception failure) {
        return String.valueOf(failure).replaceAll("\\s+", " ");
    }
}
