package dev.ktstr;

/** Text that others have written, such as names and command lines, on its way to people. */
public final class Printable {
    private Printable() {}

    /** The text with U+FFFD in place of what would end a line, turn its direction, or drive a terminal. */
    public static String text(String text) {
        return text.codePoints()
                .map(character -> isPlain(character) ? character : '\uFFFD')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
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
