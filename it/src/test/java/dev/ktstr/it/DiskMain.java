package dev.ktstr.it;

import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Makes disks in a process of its own: {@code <root> <filesystem> <how many> <threads> [wait]}. Writes into each what no
 * other disk has, reads it back from all of them when all are there, and says {@code <n> DISTINCT}; {@code wait} keeps them
 * until standard input ends.
 */
final class DiskMain {
    private static final long PLACE = 200 << 20;

    private DiskMain() {}

    public static void main(String[] arguments) throws Exception {
        DiskTemplates templates = DiskTemplates.at(Path.of(arguments[0]));
        DiskSpec spec = DiskSpec.builder()
                .filesystem(Filesystem.valueOf(arguments[1]))
                .size("300M")
                .build();
        ExecutorService threads = Executors.newFixedThreadPool(Integer.parseInt(arguments[3]));
        List<Future<TestDisk>> made = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
            String mark = mark(i);
            made.add(threads.submit(() -> {
                TestDisk disk = templates.newDisk(spec);
                try (RandomAccessFile file = new RandomAccessFile(disk.path().toFile(), "rw")) {
                    file.seek(PLACE);
                    file.write(mark.getBytes(StandardCharsets.US_ASCII));
                }
                return disk;
            }));
        }
        int distinct = 0;
        for (int i = 0; i < made.size(); i++) {
            byte[] read = new byte[mark(i).length()];
            try (RandomAccessFile file =
                    new RandomAccessFile(made.get(i).get().path().toFile(), "r")) {
                file.seek(PLACE);
                file.readFully(read);
            }
            distinct += new String(read, StandardCharsets.US_ASCII).equals(mark(i)) ? 1 : 0;
        }
        System.out.println(distinct + " DISTINCT");
        if (arguments.length > 4) {
            System.in.transferTo(System.out);
        }
        for (Future<TestDisk> disk : made) {
            disk.get().close();
        }
        threads.shutdown();
    }

    private static String mark(int number) {
        return "disk %05d of %010d".formatted(number, ProcessHandle.current().pid());
    }
}
