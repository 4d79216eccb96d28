package dev.ktstr.cache;

import dev.ktstr.FuzzTarget;
import java.io.IOException;
import java.util.Arrays;

/** {@code metadata.json}. What is read can be written, and then no longer changes. */
public final class MetadataFuzzTest extends FuzzTarget {
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        timed(() -> read(input));
    }

    @Override
    protected void examine(byte[] input) throws Exception {
        fuzzerTestOneInput(input);
    }

    private static void read(byte[] file) throws IOException, MetadataException {
        KernelMetadata metadata;
        try {
            metadata = MetadataCodec.read(file);
        } catch (MetadataException refused) {
            check(ErrorKind.of(refused.reason()) != ErrorKind.UNKNOWN, "the refusal is of a known kind");
            return;
        }
        metadata.builtAtInstant();
        if (metadata.source() instanceof KernelSource.Local local) {
            local.sourceTree();
        }
        byte[] written = MetadataCodec.write(metadata);
        KernelMetadata again = MetadataCodec.read(written);
        check(again.source().equals(metadata.source()), "the source is the same again");
        check(again.imageName().equals(metadata.imageName()), "the image is the same again");
        check(Arrays.equals(MetadataCodec.write(again), written), "what was written does not change again");
        StoredDetails jvm = again.jvm();
        if (jvm != null && jvm.metadataSha256() != null) {
            check(MetadataCodec.isUnchanged(written, jvm.metadataSha256()), "the checksum is right");
        }
    }
}
