package dev.ktstr.maven;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A file of properties that is written for builds: the same properties are the same bytes, sorted and without a date; a
 * reader sees all of the old ones or all of the new ones; and a file that says the same already is left alone.
 */
record PropertiesFile(Path path) {
    /** What it says; nothing if it is not there or cannot be read. */
    Map<String, String> read() {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(path)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException unusable) {
            return Map.of(); // as good as none: it is written anew
        }
        Map<String, String> read = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> read.put(name, properties.getProperty(name)));
        return read;
    }

    /** Makes it say this, and nothing else. */
    void write(Map<String, String> properties, Environment environment) throws IOException {
        String text = text(properties);
        if (isWritten(text)) {
            return;
        }
        Path fresh = path.resolveSibling("." + path.getFileName() + "." + environment.randomSuffix());
        try {
            Files.createDirectories(path.toAbsolutePath().getParent());
            try {
                Files.writeString(fresh, text, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(fresh);
            }
        } catch (IOException failed) {
            throw new GoalException(
                    ErrorCode.OS_CALL,
                    "writing what was prepared: " + failed,
                    path,
                    "check the permissions and the free space there");
        }
    }

    private boolean isWritten(String text) {
        try {
            return Files.readString(path).equals(text);
        } catch (IOException unreadable) {
            return false;
        }
    }

    /** As {@link Properties} writes it, but for the comment with the date, and in an order. */
    private static String text(Map<String, String> values) throws IOException {
        Properties properties = new Properties();
        properties.putAll(values);
        StringWriter text = new StringWriter();
        properties.store(text, null);
        return text.toString()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .sorted()
                .map(line -> line + "\n")
                .collect(Collectors.joining());
    }
}
