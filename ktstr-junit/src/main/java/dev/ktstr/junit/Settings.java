package dev.ktstr.junit;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.io.IOException;
import java.io.Reader;
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
        } catch (IllegalArgumentException malformed) {
            throw new TestException(
                    ErrorCode.ENV_SETTING,
                    "reading the settings of ktstr:prepare: " + malformed.getMessage(),
                    preparedFile.toAbsolutePath(),
                    "remove it, and have it written again: mvn pre-integration-test",
                    malformed);
        }
        return new Settings(parameters, prepared, environment);
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
        return value("ktstr.kernel", "KTSTR_KERNEL");
    }

    List<String> kernels() throws KtstrException {
        return value("ktstr.kernels", "KTSTR_KERNEL_LIST").stream()
                .flatMap(list -> Arrays.stream(list.split(",", -1)))
                .map(String::strip)
                .filter(each -> !each.isEmpty())
                .toList();
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
        return value.isPresent() ? value : environment.variable(variable).filter(text -> !text.isBlank());
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
