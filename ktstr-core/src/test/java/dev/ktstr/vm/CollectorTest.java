package dev.ktstr.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class CollectorTest {
    private static final byte[] MARK = "0123456789ab".getBytes(UTF_8);

    private final Collector collector = new Collector();

    private void add(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        collector.add(bytes, bytes.length);
    }

    private FutureTask<Boolean> await() {
        FutureTask<Boolean> wait = new FutureTask<>(() -> collector.awaitMark(MARK));
        Thread thread = new Thread(wait);
        thread.setDaemon(true);
        thread.start();
        return wait;
    }

    private static void assertWaits(FutureTask<Boolean> wait) {
        assertThatThrownBy(() -> wait.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
    }

    @Test
    void theMarkIsFoundInPiecesAndTakenOff() throws Exception {
        add("out0123");
        FutureTask<Boolean> wait = await();
        assertWaits(wait);
        add("45678");
        assertWaits(wait);
        collector.add("9ab???".getBytes(UTF_8), 3);
        assertThat(wait.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(collector.bytes()).asString(UTF_8).isEqualTo("out");
    }

    @Test
    void aMarkIsOneAtTheEndOnlyAndIsTakenOffOnce() throws Exception {
        add("0123456789ab, and more");
        FutureTask<Boolean> wait = await();
        assertWaits(wait);
        add("0123456789ab0123456789ab");
        assertThat(wait.get(5, TimeUnit.SECONDS)).isTrue();
        assertThat(collector.bytes()).asString(UTF_8).isEqualTo("0123456789ab, and more0123456789ab");
    }

    @Test
    void nobodyWaitsForAMarkThatCannotComeAnyMore() throws Exception {
        add("0123");
        FutureTask<Boolean> wait = await();
        assertWaits(wait);
        collector.end();
        assertThat(wait.get(5, TimeUnit.SECONDS)).isFalse();
        assertThat(collector.bytes()).asString(UTF_8).isEqualTo("0123");
        assertThat(collector.hasOverflowed()).isFalse();
    }

    @Test
    void whatIsTooMuchIsNotKeptAndEndsTheWait() throws Exception {
        byte[] chunk = new byte[1 << 20];
        for (int i = 0; i < Collector.MOST_BYTES / chunk.length; i++) {
            collector.add(chunk, chunk.length);
        }
        assertThat(collector.hasOverflowed()).isFalse();
        FutureTask<Boolean> wait = await();
        assertWaits(wait);
        add("x");
        assertThat(collector.hasOverflowed()).isTrue();
        assertThat(wait.get(5, TimeUnit.SECONDS)).isFalse();
        assertThat(collector.bytes()).hasSize(Collector.MOST_BYTES);
    }
}
