package dev.ktstr;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Text that others have written, such as names and command lines, on its way to people. */
public final class Printable {
    private Printable() {}

    /** The text with U+FFFD in place of what would end a line, turn its direction, or drive a terminal, and blanks for tabs. */
    public static String text(String text) {
        return isPlain(text, false) ? text : replaced(text);
    }

    private static String replaced(String text) {
        return text.codePoints()
                .map(character -> character == '\t' ? ' ' : isPlain(character) ? character : '\uFFFD')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** The same of a text of several lines, which stay lines. */
    public static String lines(String text) {
        return isPlain(text, true)
                ? text
                : Arrays.stream(text.split("\n", -1)).map(Printable::text).collect(Collectors.joining("\n"));
    }

    /** As nearly all is: then a process that lives for seconds is spared its first stream, which takes long to make. */
    private static boolean isPlain(String text, boolean mayHaveLines) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if ((character < ' ' || character > '~') && !(mayHaveLines && character == '\n')) {
                return false;
            }
        }
        return true;
    }

    /** A word that a POSIX shell takes as it is, for commands that people copy. */
    public static String shellWord(Object word) {
        String text = word.toString();
        return text.matches("[A-Za-z0-9_./:=@%+,-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private static boolean isPlain(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> false;
            default -> true;
        };
    }
}
