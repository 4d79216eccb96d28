package dev.ktstr.maven.packages;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.BasicArrayCache;
import org.tukaani.xz.XZInputStream;

/** How a package's members and a kernel's modules are compressed, as the ends of their names say. */
enum Compression {
    NONE("") {
        @Override
        InputStream open(InputStream in) {
            return in;
        }
    },
    GZIP(".gz") {
        @Override
        InputStream open(InputStream in) throws IOException {
            return new GZIPInputStream(in, BUFFER);
        }
    },
    XZ(".xz") {
        @Override
        InputStream open(InputStream in) throws IOException {
            return new XZInputStream(in, memoryKiB(), BasicArrayCache.getInstance());
        }
    },
    ZSTD(".zst") {
        @Override
        InputStream open(InputStream in) {
            return new ZstdInputStream(in); // refuses windows above 8 MiB, which only zstd --ultra makes
        }
    };

    private static final int BUFFER = 1 << 16;

    /** Enough for {@code xz -9}, whose dictionary is 64 MiB. A header may ask for 4 GiB. */
    private static final int XZ_MEMORY_KIB = 96 << 10;

    private final String suffix;

    Compression(String suffix) {
        this.suffix = suffix;
    }

    String suffix() {
        return suffix;
    }

    /** A stream of what is in {@code in}, which is read from where it stands. */
    abstract InputStream open(InputStream in) throws IOException;

    /** What a name is compressed with, that without compression would be {@code plain}. */
    static Optional<Compression> of(String name, String plain) {
        for (Compression each : values()) {
            if (name.equals(plain + each.suffix)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    /** What a module is compressed with; empty if it is no module. */
    static Optional<Compression> ofModule(String name) {
        for (Compression each : values()) {
            if (name.endsWith(".ko" + each.suffix)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    /** Whether more heap would not change what can be unpacked. */
    static boolean hasAllMemory() {
        return memoryKiB() == XZ_MEMORY_KIB;
    }

    static int memoryKiB() {
        return (int) Math.min(XZ_MEMORY_KIB, (Runtime.getRuntime().maxMemory() / 2) >> 10);
    }
}
