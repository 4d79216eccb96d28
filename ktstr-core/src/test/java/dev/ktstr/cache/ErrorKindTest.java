package dev.ktstr.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorKindTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "metadata.json missing|MISSING",
                "metadata.json unreadable: EACCES|UNREADABLE",
                "metadata.json unreadable: |UNREADABLE",
                "metadata.json schema drift: missing field `source`|SCHEMA_DRIFT",
                "metadata.json malformed: x|MALFORMED",
                "metadata.json truncated: x|TRUNCATED",
                "metadata.json parse error: x|PARSE_ERROR",
                "image file bzImage missing from entry directory|IMAGE_MISSING",
                "image file a b missing from entry directory|IMAGE_MISSING",
                "image file   missing from entry directory|IMAGE_MISSING",
            })
    void everyReasonHasItsKind(String reason, ErrorKind kind) {
        assertThat(ErrorKind.of(reason)).isEqualTo(kind);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "''|empty",
                "' '|blank",
                "metadata.json missing |more than the whole",
                " metadata.json missing|more than the whole",
                "metadata.json missing: x|more than the whole",
                "Metadata.json missing|case",
                "metadata.json unreadable|no colon",
                "metadata.json unreadable:|no space",
                "metadata.json unreadable:x|no space",
                "metadata.json schema drift|no colon",
                "metadata.json schema drift:x|no space",
                "metadata.json schema_drift: x|spelling",
                "metadata.json malformed|no colon",
                "metadata.json truncated|no colon",
                "metadata.json parse error|no colon",
                "x metadata.json malformed: x|not the beginning",
                "image file  missing from entry directory|empty middle",
                "image file missing from entry directory|overlapping",
                "image file bzImage missing|wrong suffix",
                "image file bzImage missing from entry directory.|wrong suffix",
                "image bzImage missing from entry directory|wrong prefix",
                "the image file bzImage missing from entry directory|wrong prefix",
            })
    void nearMissesAreUnknown(String reason, String why) {
        assertThat(ErrorKind.of(reason)).as(why).isEqualTo(ErrorKind.UNKNOWN);
    }

    @ParameterizedTest
    @CsvSource({
        "MISSING, missing",
        "UNREADABLE, unreadable",
        "SCHEMA_DRIFT, schema_drift",
        "MALFORMED, malformed",
        "TRUNCATED, truncated",
        "PARSE_ERROR, parse_error",
        "IMAGE_MISSING, image_missing",
        "UNKNOWN, unknown"
    })
    void theWordForProgramsIsThatOfTheOriginal(ErrorKind kind, String word) {
        assertThat(kind.text()).isEqualTo(word);
    }

    @ParameterizedTest
    @EnumSource(names = {"UNREADABLE", "SCHEMA_DRIFT", "MALFORMED", "TRUNCATED", "PARSE_ERROR"})
    void whatIsMadeFromAPrefixIsOfThatKind(ErrorKind kind) {
        assertThat(ErrorKind.of(kind.prefix() + "detail")).isEqualTo(kind);
        assertThat(new MetadataException(kind, "detail").reason()).isEqualTo(kind.prefix() + "detail");
    }

    @ParameterizedTest
    @EnumSource(names = {"MISSING", "IMAGE_MISSING", "UNKNOWN"})
    void theOthersHaveNoPrefix(ErrorKind kind) {
        assertThatIllegalStateException().isThrownBy(kind::prefix);
    }

    @Test
    void theReasonsThatWeMakeAreRecognised() {
        assertThat(ErrorKind.of(ErrorKind.MISSING_REASON)).isEqualTo(ErrorKind.MISSING);
        assertThat(ErrorKind.imageMissing("bzImage")).isEqualTo("image file bzImage missing from entry directory");
        assertThat(ErrorKind.of(ErrorKind.imageMissing("Image"))).isEqualTo(ErrorKind.IMAGE_MISSING);
    }
}
