package dev.ktstr.lock;

import dev.ktstr.FuzzTarget;
import java.nio.charset.StandardCharsets;

/** {@code /proc/self/mountinfo}: whoever may mount chooses names in it. The first line is a path to be found. */
public final class MountInfoFuzzTest extends FuzzTarget {
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> {
            String text = new String(input, StandardCharsets.ISO_8859_1);
            int line = text.indexOf('\n');
            byte[] path = ("/" + text.substring(0, Math.max(0, line))).getBytes(StandardCharsets.ISO_8859_1);
            MountInfo all = MountInfo.parse(text.substring(line + 1));
            check(all.around(path).covering(path).equals(all.covering(path)), "a few mounts tell as much as all");
            byte[] inside = (text.substring(0, Math.max(0, line)) + "/x").getBytes(StandardCharsets.ISO_8859_1);
            check(all.covering(inside).map(MountInfo.Mount::major).orElse(0) >= 0, "a device is one");
        });
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }
}
