package dev.ktstr.maven.packages;

import java.io.IOException;
import java.io.InputStream;
import org.tukaani.xz.BasicArrayCache;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.SeekableXZInputStream;

/**
 * What the index at the end of an xz file says. It is the first thing that is read, so that a file that is cut off is
 * refused at once.
 */
record XzBlocks(FileSlice file, int count, long largest) {
    /** A block becomes a buffer; xz makes them 3 dictionaries long, so 24 MiB unless told otherwise. */
    private static final long LARGEST = 48L << 20;

    /** What decoding one block may take beside its buffer: a dictionary of up to 16 MiB, and tables. */
    static final int DECODER_KIB = 20 << 10;

    private static final int MOST_WORKERS = 4;

    /** Makes for a 2.4 TB kernel; a file of nothing but empty blocks takes longer than it looks. */
    private static final int MOST_BLOCKS = 100_000;

    /** A stream of everything; on several threads where that is possible and wanted. */
    static InputStream open(FileSlice file, Origin origin, boolean parallel) throws IOException {
        XzBlocks blocks = read(file);
        if (blocks.count > MOST_BLOCKS) {
            throw origin.hostile("it consists of " + blocks.count + " separately compressed blocks");
        }
        int workers = blocks.workers(
                Runtime.getRuntime().maxMemory(), Runtime.getRuntime().availableProcessors());
        if (!parallel || workers < 2 || !blocks.firstIsSmallToDecode()) {
            return Compression.XZ.open(file.stream());
        }
        return new ParallelXzInputStream(blocks, workers);
    }

    private static XzBlocks read(FileSlice file) throws IOException {
        try (SeekableXZInputStream index = new SeekableXZInputStream(file.stream(), Compression.memoryKiB())) {
            return new XzBlocks(file, index.getBlockCount(), index.getLargestBlockSize());
        }
    }

    /** As many as there is work, cores and memory for: half of the heap, as the rest is for others. */
    int workers(long heap, int processors) {
        if (largest > LARGEST) {
            return 1;
        }
        long buffers = (heap / 2 - largest) / (largest + ((long) DECODER_KIB << 10));
        int most = Math.min(MOST_WORKERS, Math.min(count, processors));
        return (int) Math.min(most, buffers);
    }

    private boolean firstIsSmallToDecode() throws IOException {
        try (SeekableXZInputStream first = decoder(DECODER_KIB)) {
            first.seekToBlock(0);
            return first.read() >= 0;
        } catch (MemoryLimitException big) {
            return false;
        }
    }

    /** A decoder of any block, for one thread at a time. */
    SeekableXZInputStream decoder(int memoryKiB) throws IOException {
        return new SeekableXZInputStream(file.stream(), memoryKiB, BasicArrayCache.getInstance());
    }
}
