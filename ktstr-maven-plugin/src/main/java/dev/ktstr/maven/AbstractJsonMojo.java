package dev.ktstr.maven;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.ktstr.ErrorCode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/** A goal whose result programs can read. */
abstract class AbstractJsonMojo extends AbstractKtstrMojo {
    /** All but ASCII is escaped: names that others made up may have characters that drive a terminal. */
    static final ObjectMapper MAPPER =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /**
     * Whether to print one JSON document to standard output instead of text. Run Maven with <code>-q</code> to have
     * nothing else there, or better, name an <code>outputFile</code>.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.json", defaultValue = "false")
    private boolean json;

    /**
     * Where to write the JSON document, instead of standard output. Asks for JSON by itself.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.outputFile")
    private @Nullable File outputFile;

    boolean wantsJson() {
        return json || outputFile != null;
    }

    void writeJson(JsonNode document) throws IOException {
        write(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(document));
        if (outputFile != null) {
            getLog().info("written to " + outputFile.getAbsolutePath());
        }
    }

    /** One of several documents, on a line of its own; the first begins a new file. */
    void writeJsonLine(JsonNode document, boolean isFirst) throws IOException {
        write(
                MAPPER.writeValueAsString(document),
                StandardOpenOption.CREATE,
                isFirst ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.APPEND,
                StandardOpenOption.WRITE);
    }

    private void write(String text, OpenOption... options) throws IOException {
        if (outputFile == null) {
            // Bytes, not characters: JSON is UTF-8 whatever the locale is.
            System.out.writeBytes((text + "\n").getBytes(StandardCharsets.UTF_8));
            System.out.flush();
            return;
        }
        Path file = outputFile.toPath().toAbsolutePath();
        try {
            Path directory = file.getParent();
            if (directory != null) {
                Files.createDirectories(directory);
            }
            Files.writeString(file, text + "\n", options);
        } catch (FileSystemException failed) {
            throw new GoalException(
                    ErrorCode.ENV_SETTING,
                    "writing ktstr.outputFile: " + failed,
                    file,
                    "name a file in a directory where you may write");
        }
    }
}
