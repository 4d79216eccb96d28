package dev.ktstr.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.ktstr.ErrorCode;
import dev.ktstr.cache.TestKernels;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestArchTest {
    @TempDir
    Path directory;

    @Test
    void theImageSaysHowMuchMemoryItTakes() throws Exception {
        Path x86 = TestKernels.bzImage(directory.resolve("bzImage"), TestKernels.BANNER);
        Path arm = TestKernels.arm64Image(directory.resolve("Image"), TestKernels.BANNER);
        put(x86, 0x260, 0x1234, 0xf0);
        put(arm, 16, 0x5678, 1);
        assertThat(GuestArch.X86_64.sizeInMemory(x86)).isEqualTo(0xf000_1234L);
        assertThat(GuestArch.AARCH64.sizeInMemory(arm)).isEqualTo(0x0100_5678L);
    }

    private static void put(Path image, long at, int low, int high) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(at);
            file.write(new byte[] {(byte) low, (byte) (low >> 8), 0, (byte) high});
        }
    }

    @Test
    void whatIsNoKernelForTheMachineIsRefused() throws Exception {
        Path arm = TestKernels.arm64Image(directory.resolve("Image"), TestKernels.BANNER);
        Path empty = Files.createFile(directory.resolve("empty"));
        for (Path wrong : new Path[] {arm, empty}) {
            assertThatExceptionOfType(VmException.class)
                    .isThrownBy(() -> GuestArch.X86_64.sizeInMemory(wrong))
                    .withMessageContaining("no kernel that qemu-system-x86_64 could boot")
                    .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.KERNEL_UNBOOTABLE));
        }
        assertThatExceptionOfType(VmException.class)
                .isThrownBy(() -> GuestArch.of("riscv64"))
                .withMessageContaining("riscv64");
        assertThat(GuestArch.of("aarch64")).isEqualTo(GuestArch.AARCH64);
    }
}
