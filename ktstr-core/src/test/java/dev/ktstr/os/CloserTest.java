package dev.ktstr.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CloserTest {
    @Test
    void allIsClosedWhateverFails() {
        List<String> closed = new ArrayList<>();
        Closer closer = new Closer();
        closer.add(() -> closed.add("first"));
        closer.add(() -> {
            throw new IOException("second");
        });
        closer.add(() -> {
            throw new IllegalStateException("third");
        });

        assertThatThrownBy(closer::close)
                .isInstanceOf(IOException.class)
                .hasMessage("second")
                .satisfies(thrown -> assertThat(thrown.getSuppressed())
                        .singleElement()
                        .satisfies(earlier -> assertThat(earlier).hasMessage("third")));
        assertThat(closed).containsExactly("first");
    }
}
