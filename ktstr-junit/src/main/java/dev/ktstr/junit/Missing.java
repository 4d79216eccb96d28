package dev.ktstr.junit;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.Printable;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelSelector;
import dev.ktstr.cache.ListedEntry;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
            ErrorCode.ACCELERATOR,
            ErrorCode.HOST_CPUS);

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

    /** What is to happen if something is missing: an annotation says so, else a built extension, else the settings. */
    static OnMissing policy(OnMissing declared, Configuration configuration, Host host) throws KtstrException {
        if (declared != OnMissing.DEFAULT) {
            return declared;
        }
        return configuration.onMissing() == OnMissing.DEFAULT ? host.settings().onMissing() : configuration.onMissing();
    }

    /** Entries that are no usable kernels. */
    static Stream<ListedEntry.Corrupt> damaged(Host host) throws IOException {
        return host.kernels().list().stream()
                .flatMap(entry -> entry.fold(valid -> Stream.<ListedEntry.Corrupt>empty(), Stream::of));
    }

    /**
     * Whether what a selector means, and finds no kernel for, is there and unusable. That is no kernel that is missing: it has
     * been stored. Of which version it was cannot be told, so its key has to do.
     */
    static boolean isDamaged(String selector, Host host) throws IOException {
        return damaged(host).anyMatch(corrupt -> isMeant(selector, corrupt));
    }

    private static boolean isMeant(String selector, ListedEntry.Corrupt corrupt) {
        return selector.equals(KernelSelector.LATEST)
                || corrupt.directory().equals(Path.of(selector).toAbsolutePath().normalize())
                || Pattern.compile("(^|[^0-9.])" + Pattern.quote(selector) + "(?![0-9])")
                        .matcher(corrupt.key())
                        .find();
    }

    /** That no usable kernel is meant by a selector, which there are, and what would store one. */
    static KtstrException kernel(String doing, String selector, Host host) throws IOException {
        List<ListedEntry> listed = host.kernels().list();
        String keys = keys(listed);
        String damaged = damaged(host)
                .map(corrupt -> corrupt.key() + " (" + corrupt.reason() + ")")
                .collect(Collectors.joining(", "));
        String there = keys.isEmpty() ? "" : "there are: " + keys;
        String unusable = damaged.isEmpty() ? "" : "unusable are: " + damaged;
        return new TestException(
                isDamaged(selector, host) ? ErrorCode.ENTRY_DAMAGED : ErrorCode.ENTRY_MISSING,
                doing + ": no stored kernel matches \"" + selector + "\"; "
                        + (listed.isEmpty()
                                ? "the store is empty"
                                : Stream.of(there, unusable)
                                        .filter(text -> !text.isEmpty())
                                        .collect(Collectors.joining("; "))),
                host.kernels().root(),
                (host.settings().isPrepared(selector)
                                ? "have the goal prepare store it again, which named it in " + Settings.PREPARED
                                        + ": mvn pre-integration-test; or "
                                : "")
                        + (keys.isEmpty() ? "" : "name one of these, or ") + "store it: " + command(host)
                        + (damaged.isEmpty()
                                ? ""
                                : "; what is wrong with an entry says " + goal("kernel-verify", "-Dktstr.key=…", host)
                                        + "; those that are unusable removes "
                                        + goal("kernel-clean", "-Dktstr.corruptOnly", host)),
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
                .flatMap(entry -> entry.fold(Stream::of, corrupt -> Stream.<KernelEntry>empty()))
                .map(Missing::key)
                .collect(Collectors.joining(", "));
    }

    /** With its architecture if it is another machine's. */
    private static String key(KernelEntry entry) {
        String arch = entry.metadata().arch();
        return arch.equals(Machine.arch()) ? entry.key() : entry.key() + " (" + arch + ")";
    }

    private static String command(Host host) {
        return goal("kernel-store", "-Dktstr.packages=linux-image-….deb,linux-image-…-dbg.deb", host);
    }

    private static String goal(String name, String argument, Host host) {
        return "mvn dev.ktstr:ktstr-maven-plugin:" + version() + ":" + name + " " + argument
                + (host.hasCacheDirectoryOfItsOwn()
                        ? " "
                                + Printable.shellWord(
                                        "-Dktstr.cacheDir=" + host.kernels().root())
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
