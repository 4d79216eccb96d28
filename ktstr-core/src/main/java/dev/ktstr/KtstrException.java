package dev.ktstr;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A failure that a caller can act on. It is an {@link IOException}, so that one {@code throws} clause covers it
 * together with {@link java.nio.file.Files} and {@code close()}; bugs stay unchecked.
 *
 * <p>The message has the same shape everywhere: the code and what was being done to what and why it failed; the path;
 * what the user can do; where it is explained. Names in it, which others may have made up, cannot drive a terminal.
 */
public abstract class KtstrException extends IOException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String problem;
    private final transient @Nullable Path path;
    private final String remedy;

    /**
     * @param problem what was being done, to what, and why it failed; may span lines
     * @param path the file or directory it is about, or null when it is about none
     * @param remedy what the user can do next
     */
    protected KtstrException(
            ErrorCode code, String problem, @Nullable Path path, String remedy, @Nullable Throwable cause) {
        super(render(code, problem, path, remedy), cause);
        this.code = code;
        this.problem = Printable.lines(problem);
        this.path = path;
        this.remedy = Printable.lines(remedy);
    }

    public final ErrorCode code() {
        return code;
    }

    /** What was being done, to what, and why it failed: the message without path, remedy and help. */
    public final String problem() {
        return problem;
    }

    /** The file or directory this is about; empty when there is none, or after serialization. */
    public final Optional<Path> path() {
        return Optional.ofNullable(path);
    }

    public final String remedy() {
        return remedy;
    }

    private static String render(ErrorCode code, String problem, @Nullable Path path, String remedy) {
        StringBuilder text = new StringBuilder(code.id()).append("  ").append(Printable.lines(problem));
        if (path != null) {
            text.append("\n  path  ").append(Printable.text(path.toString()));
        }
        return text.append("\n  fix   ")
                .append(Printable.lines(remedy))
                .append("\n  help  ")
                .append(code.help())
                .toString();
    }
}
