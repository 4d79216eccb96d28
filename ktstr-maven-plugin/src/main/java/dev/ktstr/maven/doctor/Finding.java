package dev.ktstr.maven.doctor;

import dev.ktstr.KtstrException;
import java.util.List;

/**
 * What came of one check.
 *
 * @param name of what was looked at, in a word or two
 * @param found what was tried, and what came of it
 * @param remedy lines to type, or to put into a file, that mend it; comments begin with {@code #}. Empty only if it works
 */
public record Finding(String name, Level level, String found, List<String> remedy) {
    /** For what nobody has thought of. */
    static final List<String> REPORT =
            List.of("# report it to ktstr (its issue tracker), with this text and what uname -a and mvn -v print");

    /** What can be done after an interrupt. */
    static final List<String> AGAIN = List.of("# run doctor again, and let it come to its end");

    /** How good or bad it is. */
    public enum Level {
        /** It works. */
        OK,
        /** Something costs more than it has to, or is not there and not always needed. */
        WARN,
        /** Something that ktstr is for does not work. */
        FAIL
    }

    public Finding {
        remedy = List.copyOf(remedy);
        if (level != Level.OK && remedy.isEmpty()) {
            throw new IllegalArgumentException(level + " without a remedy: " + name);
        }
    }

    static Finding ok(String name, String found) {
        return new Finding(name, Level.OK, found, List.of());
    }

    static Finding warn(String name, String found, List<String> remedy) {
        return new Finding(name, Level.WARN, found, remedy);
    }

    static Finding fail(String name, String found, List<String> remedy) {
        return new Finding(name, Level.FAIL, found, remedy);
    }

    /** A check that could not come to its end. */
    static Finding failed(String name, Throwable failure) {
        return failure instanceof KtstrException known
                ? fail(name, known.problem(), List.of("# " + known.remedy()))
                : fail(name, "the check itself failed: " + failure, REPORT);
    }
}
