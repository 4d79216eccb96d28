package dev.ktstr.maven.doctor;

import dev.ktstr.Printable;
import dev.ktstr.maven.doctor.Finding.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Everything that was found, in the order in which it was looked at. */
public record Report(List<Finding> findings) {
    private static final String LEVEL = "%-6s";

    public Report {
        findings = List.copyOf(findings);
    }

    public long count(Level level) {
        return findings.stream().filter(each -> each.level() == level).count();
    }

    /** One line per finding, what mends it below, and a summary; names in it that others made up drive no terminal. */
    public List<String> lines() {
        int width =
                findings.stream().mapToInt(each -> each.name().length()).max().orElse(0);
        String row = LEVEL + "%-" + width + "s  %s";
        String indent = " ".repeat(String.format(Locale.ROOT, row, "", "", "").length());
        List<String> lines = new ArrayList<>();
        for (Finding each : findings) {
            List<String> text = each.found().lines().toList();
            lines.add(String.format(Locale.ROOT, row, each.level(), each.name(), text.isEmpty() ? "" : text.get(0)));
            text.stream().skip(1).forEach(line -> lines.add(indent + line));
            each.remedy().stream().flatMap(String::lines).forEach(line -> lines.add(indent + "  " + line));
        }
        lines.add(summary());
        return lines.stream().map(line -> Printable.text(line)).toList();
    }

    /** How many of each. */
    public String summary() {
        return count(Level.OK) + " OK, " + count(Level.WARN) + " WARN, " + count(Level.FAIL) + " FAIL";
    }
}
