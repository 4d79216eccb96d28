package dev.ktstr.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConsoleTest {
    private final Console console = new Console();

    private void say(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        console.add(bytes, bytes.length);
    }

    @Test
    void linesAreMadeOfWhateverPiecesCome() throws Exception {
        byte[] bytes = "erste\r\nzw\u00f6lf\n\n".getBytes(UTF_8);
        for (byte each : bytes) {
            console.add(new byte[] {each, '?'}, 1);
        }
        say("rest");
        assertThat(console.text()).isEqualTo("erste\nzwölf\n\nrest");
        assertThat(console.next(Duration.ZERO)).contains("erste");
        assertThat(console.next(Duration.ZERO)).contains("zwölf");
        assertThat(console.next(Duration.ZERO)).contains("");
        assertThat(console.next(Duration.ofMillis(1))).isEmpty();
        console.end();
        console.end();
        assertThat(console.next(Duration.ZERO)).contains("rest");
        assertThat(console.next(Duration.ZERO)).isEmpty();
        assertThat(console.text()).isEqualTo("erste\nzwölf\n\nrest\n");
    }

    @Test
    void whatUnpacksTheKernelIsNotTheKernel() {
        say("early console in extract_kernel\nDecompressing Linux...\n");
        assertThat(console.kernelBegan()).isFalse();
        assertThat(console.hasHalted()).isFalse();
        say("XZ-compressed data is corrupt\n\n -- System halted\n");
        assertThat(console.hasHalted()).isTrue();
        assertThat(console.kernelBegan()).isFalse();
    }

    @Test
    void whatAKernelThatHasBegunPrintsHaltsNothing() {
        say("[    0.000000] Linux version 6.1.0\n");
        assertThat(console.kernelBegan()).isTrue();
        say(
                "[    1.0] a test says: -- System halted, Kernel panic - not syncing: no\nktstr-init says nothing: ktstr-init: x\n");
        assertThat(console.hasHalted()).isFalse();
        assertThat(console.panic()).isEmpty();
        assertThat(console.initProblem()).isEmpty();
    }

    @Test
    void theFirstPanicIsTheOneThatCounts() {
        say("[    1.0] Kernel panic - not sy");
        assertThat(console.panic()).isEmpty();
        say("ncing: sysrq triggered crash\n[    1.1] Kernel panic - not syncing: another\n");
        assertThat(console.panic()).contains("Kernel panic - not syncing: sysrq triggered crash");
    }

    @Test
    void whatTheKernelAndOurInitSayIsRecognised() {
        assertThat(console.ranOutOfMemory()).isFalse();
        assertThat(console.initProblem()).isEmpty();
        say("[  2.0] Out of memory: Killed process 77 (sh)\nktstr-init: there is no disk\n");
        assertThat(console.ranOutOfMemory()).isTrue();
        assertThat(console.initProblem()).contains("there is no disk");
        assertThat(console.firstLineWith("Killed")).contains("[  2.0] Out of memory: Killed process 77 (sh)");
        assertThat(console.firstLineWith("nothing of that kind")).isEmpty();
    }

    @Test
    void aGuestThatNeverStopsTalkingCostsALimitedAmountOfMemory() throws Exception {
        byte[] chunk = "x".repeat(1 << 16).getBytes(UTF_8);
        for (int i = 0; i < 200; i++) {
            console.add(chunk, chunk.length); // one endless line
        }
        say("\n");
        assertThat(console.text().length()).isLessThanOrEqualTo(9 << 20);
        assertThat(console.next(Duration.ZERO).orElseThrow()).hasSize(1 << 16);
        for (int i = 0; i < 150_000; i++) {
            say(i + "\n");
        }
        int lines = 0;
        String last = "";
        for (String line = next(); line != null; line = next()) {
            last = line;
            lines++;
        }
        assertThat(lines).isEqualTo(100_000);
        assertThat(last).isEqualTo("149999");
    }

    private @Nullable String next() throws InterruptedException {
        return console.next(Duration.ZERO).orElse(null);
    }

    @Test
    void theTailOfWhatWasPrintedIsQuoted() {
        assertThat(Console.quoted("it", " \n\n")).isEmpty();
        assertThat(Console.quoted("it", "a\nb\n\n")).isEqualTo("\n  it:\n    a\n    b");
        StringBuilder many = new StringBuilder();
        for (int i = 1; i <= 40; i++) {
            many.append(i).append('\n');
        }
        assertThat(Console.quoted("it", many.toString()))
                .startsWith("\n  it, the last 30 of 40 lines:\n    11\n")
                .endsWith("\n    40");
    }
}
