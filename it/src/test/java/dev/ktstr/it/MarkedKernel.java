package dev.ktstr.it;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.KernelSource;
import dev.ktstr.cache.StoreRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Small kernels, of one release and of any number of generations. Boot image and {@code vmlinux} are made of templates
 * that have room for a mark, the generation (16 hex digits) again and again; it is also the commit in the metadata. So each
 * file says by itself whether it is whole, and all of an entry whether they belong together. {@code peer.c} does the same.
 */
record MarkedKernel(Path imageTemplate, Path vmlinuxTemplate) {
    static final int DIGITS = 16;

    private static final byte[] MARK = "peer-mark:".getBytes(StandardCharsets.US_ASCII);
    private static final int REPEATS = 1024;
    private static final String RELEASE = "6.14.2 (test@test) #1 SMP";

    /** What is neither the one generation nor the other. */
    static final class TornException extends Exception {
        private static final long serialVersionUID = 1L;

        TornException(String what) {
            super("torn: " + what);
        }
    }

    /** Makes the templates in a directory; the one of a {@code vmlinux} is linked there. */
    static MarkedKernel make(Path directory) throws IOException, InterruptedException {
        Path image = Files.write(directory.resolve("vmlinuz"), bootImage());
        return new MarkedKernel(image, compile(directory.resolve("vmlinux")));
    }

    /** Makes a {@code vmlinux}, with more options for the compiler. */
    static Path compile(Path vmlinux, String... more) throws IOException, InterruptedException {
        // The boot image is one for x86_64, wherever this runs.
        String gcc = System.getProperty("os.arch").equals("aarch64") ? "x86_64-linux-gnu-gcc" : "gcc";
        List<String> options = new ArrayList<>(List.of("-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none"));
        Collections.addAll(options, more);
        Peer.compile(gcc, "vmlinux.c", vmlinux, options.toArray(String[]::new));
        return vmlinux;
    }

    /** What to store for a generation; the files are written into a directory, over those of an earlier one. */
    StoreRequest.Builder request(String generation, Path directory) throws IOException {
        Path image = Files.write(directory.resolve("marked-vmlinuz"), marked(imageTemplate, generation));
        Path vmlinux = Files.write(directory.resolve("marked-vmlinux"), marked(vmlinuxTemplate, generation));
        return StoreRequest.builder().image(image).vmlinux(vmlinux).source(new KernelSource.Local(null, generation));
    }

    /**
     * The generation that all of an entry's files are of.
     *
     * @throws NoSuchFileException if one is missing
     * @throws TornException if one is not whole, or they are of different ones
     */
    static String generation(KernelEntry entry) throws IOException, TornException {
        String image = generation(entry.image());
        if (entry.vmlinux().isEmpty()) {
            throw new NoSuchFileException(entry.directory().resolve("vmlinux").toString());
        }
        String vmlinux = generation(entry.vmlinux().get());
        String recorded = entry.metadata().source() instanceof KernelSource.Local local ? local.gitHash() : null;
        if (!image.equals(vmlinux) || !image.equals(recorded)) {
            throw new TornException(entry.directory() + " has an image of " + image + ", a vmlinux of " + vmlinux
                    + " and metadata of " + recorded);
        }
        return image;
    }

    /** The generation of one whole file. */
    static String generation(Path file) throws IOException, TornException {
        byte[] content = Files.readAllBytes(file);
        int room = room(content);
        if (room < 0) {
            throw new TornException(file + " of " + content.length + " bytes has no room for a mark");
        }
        for (int at = room + DIGITS; at < room + REPEATS * DIGITS; at += DIGITS) {
            if (!Arrays.equals(content, room, room + DIGITS, content, at, at + DIGITS)) {
                throw new TornException(file + " has different marks");
            }
        }
        return new String(content, room, DIGITS, StandardCharsets.US_ASCII);
    }

    private static byte[] marked(Path template, String generation) throws IOException {
        byte[] content = Files.readAllBytes(template);
        byte[] mark = generation.repeat(REPEATS).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(mark, 0, content, room(content), mark.length);
        return content;
    }

    /** Where the marks begin; negative if there is no room for all. */
    private static int room(byte[] content) {
        for (int at = 0; at + MARK.length + REPEATS * DIGITS <= content.length; at++) {
            if (Arrays.equals(content, at, at + MARK.length, MARK, 0, MARK.length)) {
                return at + MARK.length;
            }
        }
        return -1;
    }

    /** The few bytes by which a bzImage is recognised (Documentation/arch/x86/boot.rst), and the room. */
    private static byte[] bootImage() {
        int banner = 0x600;
        int mark = 0x1000;
        ByteBuffer image =
                ByteBuffer.allocate(mark + MARK.length + REPEATS * DIGITS).order(ByteOrder.LITTLE_ENDIAN);
        image.putShort(0x1fe, (short) 0xaa55);
        image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
        image.putShort(0x206, (short) 0x020f);
        image.putShort(0x20e, (short) (banner - 0x200));
        image.put(banner, RELEASE.getBytes(StandardCharsets.US_ASCII));
        image.put(mark, MARK);
        return image.array();
    }
}
