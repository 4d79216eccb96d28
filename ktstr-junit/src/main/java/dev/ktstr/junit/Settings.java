package dev.ktstr.junit;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelSelector;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What is set from outside: as a JUnit configuration parameter (JUnit itself falls back to system properties and to
 * {@code junit-platform.properties}), else by the goal {@code prepare}, else in the environment. An empty value is none.
 */
final class Settings {
    static final Path PREPARED = Path.of("target", "ktstr", "prepared.properties");

    private final Function<String, Optional<String>> parameters;
    private final Properties prepared;
    private final Environment environment;

    private Settings(Function<String, Optional<String>> parameters, Properties prepared, Environment environment) {
        this.parameters = parameters;
        this.prepared = prepared;
        this.environment = environment;
    }

    /** @param preparedFile what {@code prepare} has written; need not be there */
    static Settings read(Function<String, Optional<String>> parameters, Path preparedFile, Environment environment)
            throws IOException {
        Properties prepared = new Properties();
        try (Reader reader = Files.newBufferedReader(preparedFile)) {
            prepared.load(reader);
        } catch (NoSuchFileException notPrepared) {
            return new Settings(parameters, prepared, environment);
        } catch (IOException | IllegalArgumentException unusable) {
            throw new TestException(
                    ErrorCode.ENV_SETTING,
                    "reading the settings of ktstr:prepare: " + why(unusable),
                    preparedFile.toAbsolutePath(),
                    "remove it, and have it written again: mvn pre-integration-test",
                    unusable);
        }
        return new Settings(parameters, prepared, environment);
    }

    private static String why(Exception unusable) {
        if (unusable instanceof CharacterCodingException) {
            return "it is not UTF-8";
        }
        return unusable instanceof AccessDeniedException
                ? "this user may not read it"
                : String.valueOf(unusable.getMessage());
    }

    Optional<Path> cacheDirectory() throws KtstrException {
        Optional<String> text = value("ktstr.cacheDir");
        try {
            return text.map(name -> Path.of(name).toAbsolutePath());
        } catch (InvalidPathException noPath) {
            throw invalid("ktstr.cacheDir", text.orElse(""), "the path of a directory");
        }
    }

    Optional<String> kernel() throws KtstrException {
        Optional<String> selector = value("ktstr.kernel", "KTSTR_KERNEL");
        if (selector.isPresent()) {
            requireSelector("ktstr.kernel", "KTSTR_KERNEL", selector.get());
        }
        return selector;
    }

    List<String> kernels() throws KtstrException {
        List<String> selectors = value("ktstr.kernels", "KTSTR_KERNEL_LIST").stream()
                .flatMap(list -> Arrays.stream(list.split(",", -1)))
                .map(String::strip)
                .filter(each -> !each.isEmpty())
                .toList();
        for (String each : selectors) {
            requireSelector("ktstr.kernels", "KTSTR_KERNEL_LIST", each);
        }
        return selectors;
    }

    /** Whether it is {@code prepare} that names a kernel so. */
    boolean isPrepared(String selector) {
        return Stream.of("ktstr.kernel", "ktstr.kernels")
                .flatMap(
                        property -> Stream.of(prepared.getProperty(property, "").split(",", -1)))
                .anyMatch(selector::equals);
    }

    private static void requireSelector(String property, String variable, String selector) throws TestException {
        try {
            KernelSelector.parse(selector);
        } catch (KtstrException malformed) {
            throw new TestException(
                    ErrorCode.ENV_SETTING,
                    "reading the setting " + property + " (or " + variable + "): " + malformed.problem(),
                    null,
                    malformed.remedy(),
                    malformed);
        }
    }

    OnMissing onMissing() throws KtstrException {
        String text = value("ktstr.onMissing").orElse("fail");
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "fail" -> OnMissing.FAIL;
            case "abort" -> OnMissing.ABORT;
            case "disable" -> OnMissing.DISABLE;
            default -> throw invalid("ktstr.onMissing", text, "fail, abort or disable");
        };
    }

    /** Refuses what would only be noticed when a test has ended. */
    void check() throws KtstrException {
        keepDisks();
    }

    KeepDisks keepDisks() throws KtstrException {
        String text = value("ktstr.keepDisks").orElse("never");
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "never" -> KeepDisks.NEVER;
            case "onfailure" -> KeepDisks.ON_FAILURE;
            case "always" -> KeepDisks.ALWAYS;
            default -> throw invalid("ktstr.keepDisks", text, "never, onFailure or always");
        };
    }

    private Optional<String> value(String property, String variable) throws KtstrException {
        Optional<String> value = value(property);
        return value.isPresent()
                ? value
                : environment.variable(variable).map(String::strip).filter(text -> !text.isEmpty());
    }

    private Optional<String> value(String property) {
        return parameters
                .apply(property)
                .filter(text -> !text.isBlank())
                .or(() -> Optional.ofNullable(prepared.getProperty(property)))
                .map(String::strip)
                .filter(text -> !text.isEmpty());
    }

    private static TestException invalid(String property, String value, String allowed) {
        return new TestException(
                ErrorCode.ENV_SETTING,
                "reading the setting " + property + ": \"" + value + "\" is not one of its values",
                null,
                "set it to " + allowed + ", or leave it out",
                null);
    }
}
