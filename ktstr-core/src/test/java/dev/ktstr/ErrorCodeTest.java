package dev.ktstr;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ErrorCodeTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "errors.md");
    private static final Pattern HEADING = Pattern.compile("^## +(KT-[A-Z]+-[0-9]+)\\b.*$", Pattern.MULTILINE);

    private static List<String> ids() {
        return Arrays.stream(ErrorCode.values()).map(ErrorCode::id).toList();
    }

    private static List<String> documented() throws IOException {
        return HEADING.matcher(Files.readString(DOCUMENT))
                .results()
                .map(MatchResult::group)
                .toList();
    }

    @Test
    void everyIdHasTheSameShapeAndNoneIsUsedTwice() {
        assertThat(ids()).allMatch(id -> id.matches("KT-[A-Z]+-[0-9]{2}")).doesNotHaveDuplicates();
    }

    @Test
    void helpIsTheAnchorInTheDocument() {
        assertThat(ErrorCode.LOCK_TIMEOUT.help()).isEqualTo("docs/errors.md#kt-lock-01");
    }

    @Test
    void everyCodeIsExplainedOnceAndNothingElseIs() throws IOException {
        assertThat(documented().stream().map(line -> line.replaceAll("^## +(KT-[A-Z]+-[0-9]+).*", "$1")))
                .containsExactlyInAnyOrderElementsOf(ids());
    }

    /** An anchor is made of the whole heading, so that "## KT-OS-01: text" would be #kt-os-01-text. */
    @Test
    void everyHeadingIsTheCodeAloneOrHasAnExplicitAnchor() throws IOException {
        String document = Files.readString(DOCUMENT);
        for (String heading : documented()) {
            String id = heading.replaceAll("^## +(KT-[A-Z]+-[0-9]+).*", "$1");
            String anchor = id.toLowerCase(Locale.ROOT);
            assertThat(heading.equals("## " + id)
                            || document.contains("id=\"" + anchor + "\"")
                            || document.contains("name=\"" + anchor + "\"")
                            || heading.contains("{#" + anchor + "}"))
                    .as("anchor of \"%s\"", heading)
                    .isTrue();
        }
    }
}
