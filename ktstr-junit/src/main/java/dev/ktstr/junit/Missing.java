package dev.ktstr.junit;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.ListedEntry;
import java.io.IOException;
import java.io.InputStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.opentest4j.TestAbortedException;

/** What a test needs and the machine does not have. */
final class Missing {
    /** What a machine can lack without anybody having made a mistake. */
    private static final Set<ErrorCode> ABILITIES = EnumSet.of(
            ErrorCode.VM_PROGRAM_MISSING,
            ErrorCode.FORMATTER_MISSING,
            ErrorCode.REFLINK_IMPOSSIBLE,
            ErrorCode.ACCELERATOR);

    private Missing() {}

    /**
     * The failure itself, or rather not.
     *
     * @throws TestAbortedException if it is for something missing, and that is not to fail
     */
    static KtstrException unlessAborted(KtstrException failure, OnMissing policy) {
        if (policy == OnMissing.FAIL || !isMissing(failure)) {
            return failure;
        }
        throw new TestAbortedException(String.valueOf(failure.getMessage()), failure);
    }

    /**
     * The same for what a test method, or one around it, was left with: whatever was missing for its parameters, and an
     * ability that it found missing itself, such as QEMU.
     *
     * @throws TestAbortedException as above
     */
    static void abortInsteadOf(Throwable thrown, ExtensionContext context) throws IOException {
        boolean isForParameter = thrown instanceof ParameterResolutionException;
        if ((isForParameter ? thrown.getCause() : thrown) instanceof KtstrException failed
                && (isForParameter || ABILITIES.contains(failed.code()))) {
            unlessAborted(failed, KernelChoice.in(context).policy(Host.of(context)));
        }
    }

    private static boolean isMissing(KtstrException failure) {
        return ABILITIES.contains(failure.code()) || failure.code() == ErrorCode.ENTRY_MISSING;
    }

    /** That no stored kernel is meant by a selector, which there are, and what would store one. */
    static KtstrException kernel(String doing, String selector, Host host) throws IOException {
        String keys = keys(host.kernels().list());
        return new TestException(
                ErrorCode.ENTRY_MISSING,
                doing + ": no stored kernel matches \"" + selector + "\"; "
                        + (keys.isEmpty() ? "the store is empty" : "there are: " + keys),
                host.kernels().root(),
                (keys.isEmpty() ? "" : "name one of these, or ") + "store it: " + command(host),
                null);
    }

    /** That there are no kernels at all for a test that wants every one. */
    static KtstrException everyKernel(String doing, Host host) {
        return new TestException(
                ErrorCode.ENTRY_MISSING,
                doing + ": it is to run with every stored kernel of this machine's architecture, and there is none",
                host.kernels().root(),
                "store one: " + command(host),
                null);
    }

    private static String keys(List<ListedEntry> listed) {
        return listed.stream()
                .filter(ListedEntry.Valid.class::isInstance)
                .map(ListedEntry::key)
                .collect(Collectors.joining(", "));
    }

    private static String command(Host host) {
        return "mvn dev.ktstr:ktstr-maven-plugin:" + version()
                + ":kernel-store -Dktstr.packages=linux-image-….deb,linux-image-…-dbg.deb"
                + (host.hasCacheDirectoryOfItsOwn()
                        ? " -Dktstr.cacheDir=" + host.kernels().root()
                        : "");
    }

    private static String version() {
        Properties properties = new Properties();
        try (InputStream resource =
                Objects.requireNonNull(Missing.class.getResourceAsStream("version.properties"), "it is in the jar")) {
            properties.load(resource);
        } catch (IOException unreadable) {
            return "VERSION"; // only ever part of a message
        }
        return properties.getProperty("version", "VERSION");
    }
}
