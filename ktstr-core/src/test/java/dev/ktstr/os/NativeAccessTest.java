package dev.ktstr.os;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.ChildJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class NativeAccessTest {
    /** Makes one system call twice, and prints how that went. */
    static final class OneCallCase {
        public static void main(String[] arguments) throws Exception {
            for (int i = 0; i < 2; i++) {
                try {
                    System.out.println(
                            "type " + Filesystems.typeAt(Path.of("/")).isPresent());
                } catch (NativeAccessException refused) {
                    System.out.println(refused.code() + " cause " + (refused.getCause() != null));
                    System.out.println(refused.getMessage());
                }
            }
        }
    }

    @Test
    void withADirectoryThatJnaCannotUnpackIntoTheMessageSaysWhatToDo() throws Exception {
        ChildJvm.Outcome outcome = ChildJvm.of(
                        List.of("-Djna.tmpdir=/proc/nonexistent", "-Djna.nosys=true"), OneCallCase.class)
                .run();

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.output())
                .contains("OS_NATIVE cause true")
                .contains("KT-OS-03  loading JNA's native library: ")
                .contains("-Djna.tmpdir=DIR")
                .contains("--enable-native-access=ALL-UNNAMED")
                .contains("help  docs/errors.md#kt-os-03")
                .doesNotContain("NoClassDefFoundError")
                .doesNotContain("Exception in thread");
    }

    @Test
    void aLibraryOfAnotherVersionIsExplainedInTheSameWay() throws Exception {
        ChildJvm.Outcome outcome = ChildJvm.of(
                        List.of("-Djna.nounpack=true", "-Djna.nosys=true", "-Djna.noclasspath=true"), OneCallCase.class)
                .run();

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.output()).contains("KT-OS-03  loading JNA's native library: ");
    }

    @Test
    void onThisMachineCallsGoThrough() throws Exception {

        assertThat(ChildJvm.of(OneCallCase.class).run().output()).contains("type true");
    }
}
