package dev.ktstr;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class KtstrExceptionTest {
    private static final class Failure extends KtstrException {
        private static final long serialVersionUID = 1L;

        Failure(@Nullable Path path, @Nullable Throwable cause) {
            super(ErrorCode.OS_CALL, "opening a thing: it is gone", path, "put it back", cause);
        }
    }

    @Test
    void theMessageHasCodeProblemPathRemedyAndHelpInThisOrder() {
        assertThat(new Failure(Path.of("/a/b"), null))
                .hasMessage("KT-OS-01  opening a thing: it is gone\n  path  /a/b\n  fix   put it back\n"
                        + "  help  docs/errors.md#kt-os-01");
    }

    @Test
    void withoutAPathThatLineIsLeftOut() {
        assertThat(new Failure(null, null))
                .hasMessage("KT-OS-01  opening a thing: it is gone\n  fix   put it back\n"
                        + "  help  docs/errors.md#kt-os-01");
    }

    @Test
    void namesInItCannotDriveATerminal() {
        KtstrException failure = new Failure(Path.of("/a/\u001b[2Jb\nc"), null);

        assertThat(failure).hasMessageContaining("  path  /a/\uFFFD[2Jb\uFFFDc\n");
        assertThat(Printable.lines("one\u001b]0;\u0007\ntwo\u202e\r")).isEqualTo("one\uFFFD]0;\uFFFD\ntwo\uFFFD\uFFFD");
        assertThat(Printable.text("\u00e4 \u6f22")).isEqualTo("\u00e4 \u6f22");
    }

    @Test
    void thePartsCanBeAskedFor() {
        IOException cause = new IOException("below");
        KtstrException failure = new Failure(Path.of("/a/b"), cause);

        assertThat(failure.code()).isEqualTo(ErrorCode.OS_CALL);
        assertThat(failure.problem()).isEqualTo("opening a thing: it is gone");
        assertThat(failure.path()).contains(Path.of("/a/b"));
        assertThat(failure.remedy()).isEqualTo("put it back");
        assertThat(failure).hasCause(cause).isInstanceOf(IOException.class);
    }

    @Test
    void itSurvivesSerializationWithoutItsPath() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new Failure(Path.of("/a/b"), null));
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            KtstrException back = (KtstrException) in.readObject();
            assertThat(back.path()).isEmpty();
            assertThat(back).hasMessageContaining("path  /a/b");
        }
    }
}
