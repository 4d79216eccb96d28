package dev.ktstr.maven.build;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The options of a {@code .config}, or of a fragment of one, in order; the last line about an option counts. An option that is
 * not there is off.
 */
record Kconfig(Map<String, String> options) {
    static final String OFF = "n";

    private static final Pattern SET = Pattern.compile("(CONFIG_[A-Za-z0-9_]+)=(.*)", Pattern.DOTALL);
    private static final Pattern NOT_SET = Pattern.compile("# (CONFIG_[A-Za-z0-9_]+) is not set");

    /** Reads what is there, and passes over what is not an option. */
    static Kconfig parse(String text) {
        Map<String, String> options = new LinkedHashMap<>();
        text.lines().map(String::strip).forEach(line -> {
            Matcher set = SET.matcher(line);
            Matcher notSet = NOT_SET.matcher(line);
            if (set.matches()) {
                options.put(set.group(1), set.group(2));
            } else if (notSet.matches()) {
                options.put(notSet.group(1), OFF);
            }
        });
        return new Kconfig(options);
    }

    /** The first line that is neither an option nor a comment nor blank, with its number. */
    static Optional<String> objection(String text) {
        List<String> lines = text.lines().map(String::strip).toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (!line.isEmpty() && !line.startsWith("#") && !SET.matcher(line).matches()) {
                return Optional.of("line " + (i + 1) + ", \"" + line + "\"");
            }
        }
        return Optional.empty();
    }

    String value(String option) {
        return options.getOrDefault(option, OFF);
    }

    boolean isOn(String option) {
        return !value(option).equals(OFF);
    }

    /** Whether an option has a value; one that is off may as well be missing, and so may an empty text. */
    boolean has(String option, String value) {
        return value(option).equals(value) || (value.equals("\"\"") && !isOn(option));
    }

    /** These options, and those of another where it says something else. */
    Kconfig with(Kconfig other) {
        Map<String, String> all = new LinkedHashMap<>(options);
        other.options.forEach((option, value) -> {
            all.remove(option); // so that it is at the end: of a choice the last one that is on counts
            all.put(option, value);
        });
        return new Kconfig(all);
    }

    /** A {@code .config} with these options in place of what it says of them, which come last. */
    String mergedInto(String config) {
        List<String> lines = new ArrayList<>();
        for (String line : config.lines().toList()) {
            Kconfig one = parse(line);
            if (one.options.keySet().stream().noneMatch(options::containsKey)) {
                lines.add(line);
            }
        }
        options.forEach(
                (option, value) -> lines.add(value.equals(OFF) ? "# " + option + " is not set" : option + "=" + value));
        return String.join("\n", lines) + "\n";
    }
}
