package org.example;

import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Tests that end in another way. */
class Ends {
    /** For verify.groovy: it had come so far. */
    static void reached(TestDisk... disks) throws Exception {
        String ended = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                .getCallerClass()
                .getSimpleName();
        Files.writeString(Path.of("target", ended), disks.length + " disks");
    }
}

@KtstrKernel
class Halts {
    @Test
    void test(@KtstrDisk(size = "16M") TestDisk disk, @KtstrDisk(size = "16M", filesystem = Filesystem.RAW) TestDisk raw)
            throws Exception {
        Ends.reached(disk, raw);
        Runtime.getRuntime().halt(3);
    }
}

@KtstrKernel
class Hangs {
    @Test
    void test(@KtstrDisk(size = "16M") TestDisk disk, @KtstrDisk(size = "16M", filesystem = Filesystem.RAW) TestDisk raw)
            throws Exception {
        Ends.reached(disk, raw);
        Thread.sleep(600_000);
    }
}

@KtstrKernel
class ThrowsInConstructor {
    ThrowsInConstructor(@KtstrDisk(size = "16M") TestDisk disk) throws Exception {
        Ends.reached(disk);
        throw new IllegalStateException("out of the constructor");
    }

    @Test
    void test() {}

    @Test
    void another(@KtstrDisk(size = "16M") TestDisk disk) {}
}
