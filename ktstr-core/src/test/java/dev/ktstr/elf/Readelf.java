package dev.ktstr.elf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What binutils' {@code readelf} says about a file: a reader that shares nothing with ours. */
final class Readelf {
    private static final Pattern SECTION = Pattern.compile("^\\s*\\[\\s*(\\d+)\\] (\\S+)\\s+(\\S+)\\s+([0-9a-f]{16})"
            + " ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]{2})\\s+([A-Za-z]*)\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)$");

    /** Addresses and sizes are text, as printed; {@code link} is a section's number. */
    record Section(
            int index, String name, String type, String address, long offset, long size, String flags, int link) {}

    /** One line of the symbol table. {@code where} is a section's name, or {@code ABS}, {@code UND}, {@code COM}. */
    record Symbol(
            String value, String size, String type, String binding, String visibility, String where, String name) {}

    private final Path file;
    private final Path scratch;
    private final List<Section> sections = new ArrayList<>();

    private Readelf(Path file, Path scratch) {
        this.file = file;
        this.scratch = scratch;
    }

    static Readelf of(Path file, Path scratch) throws IOException, InterruptedException {
        Readelf readelf = new Readelf(file, scratch);
        for (String line :
                Command.run(scratch, "readelf", "-SW", file.toString()).lines()) {
            Matcher matcher = SECTION.matcher(line);
            if (matcher.matches()) {
                readelf.sections.add(new Section(
                        Integer.parseInt(matcher.group(1)),
                        matcher.group(2),
                        matcher.group(3),
                        matcher.group(4),
                        Long.parseLong(matcher.group(5), 16),
                        Long.parseLong(matcher.group(6), 16),
                        matcher.group(8),
                        Integer.parseInt(matcher.group(9))));
            }
        }
        return readelf;
    }

    List<Section> sections() {
        return List.copyOf(sections);
    }

    List<String> sectionNames() {
        return sections.stream().map(Section::name).toList();
    }

    Section section(String name) {
        return sections.stream()
                .filter(section -> section.name.equals(name))
                .findFirst()
                .orElseThrow();
    }

    byte[] bytes(String name) throws IOException {
        Section section = section(name);
        byte[] all = Files.readAllBytes(file);
        return Arrays.copyOfRange(all, (int) section.offset, (int) (section.offset + section.size));
    }

    /** Every named symbol, by name. */
    Map<String, Symbol> symbols() throws IOException, InterruptedException {
        Map<String, Symbol> symbols = new LinkedHashMap<>();
        try (Symbols lines = openSymbols()) {
            for (Symbol symbol = lines.next(); symbol != null; symbol = lines.next()) {
                if (!symbol.name.isEmpty()) {
                    symbols.put(symbol.name, symbol);
                }
            }
        }
        return symbols;
    }

    Symbols openSymbols() throws IOException, InterruptedException {
        Command.Result result = Command.run(scratch, "readelf", "-sW", file.toString());
        assertThat(result.errors()).isEmpty();
        return new Symbols(Files.newBufferedReader(result.out(), StandardCharsets.ISO_8859_1));
    }

    /** The lines of {@code readelf -aW} that are complaints. */
    List<String> warnings() throws IOException, InterruptedException {
        Command.Result result = Command.run(scratch, "readelf", "-aW", file.toString());
        List<String> warnings = new ArrayList<>(result.errors().lines().toList());
        try (BufferedReader lines = Files.newBufferedReader(result.out(), StandardCharsets.ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.contains("Warning:") || line.contains("Error:") || line.contains("<corrupt")) {
                    warnings.add(line);
                }
            }
        }
        return warnings;
    }

    /** The symbols in the order of the table, one at a time. */
    final class Symbols implements AutoCloseable {
        private final BufferedReader lines;

        private Symbols(BufferedReader lines) {
            this.lines = lines;
        }

        /** The next one; null at the end. */
        @Nullable
        Symbol next() throws IOException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.trim().split("\\s+", 8);
                if (words.length >= 7 && words[0].endsWith(":") && !words[0].equals("Num:")) {
                    String name = words.length == 8 ? words[7] : "";
                    return new Symbol(words[1], words[2], words[3], words[4], words[5], where(words[6]), name);
                }
            }
            return null;
        }

        private String where(String index) {
            if (!Character.isDigit(index.charAt(0))) {
                return index;
            }
            int number = Integer.parseInt(index);
            return sections.stream()
                    .filter(section -> section.index == number)
                    .findFirst()
                    .orElseThrow()
                    .name;
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }
}
