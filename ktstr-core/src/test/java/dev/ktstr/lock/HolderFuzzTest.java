package dev.ktstr.lock;

import dev.ktstr.FuzzTarget;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

/** Records of who holds a lock: any user may write one, and it is shown to people on one line. */
public final class HolderFuzzTest extends FuzzTarget {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-22T00:00:00Z"), ZoneOffset.UTC);

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> {
            HolderRecord record = HolderJson.parse(input, 42);
            String shown = LockHolder.describe(List.of(record.holder(ThisProcess.here())), CLOCK);
            check(shown.startsWith("  pid=") && shown.length() < 2000, "a record is shown in a few words");
            check(isPlain(shown), "a record is shown on one line");
            check(record.pid() > 0, "a pid is one");
        });
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }
}
