package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.junit.KtstrDisk;
import dev.ktstr.junit.KtstrKernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Surefire and Failsafe run: 3 tests with each of two kernels. */
@KtstrKernels
abstract class MatrixCases {
    private final KernelEntry kernel;

    MatrixCases(KernelEntry kernel) {
        this.kernel = kernel;
    }

    @Test
    void test(KernelEntry same, @KtstrDisk(size = "16M") TestDisk disk) {
        assertEquals(kernel, same);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void parameterized(int number) {
        assertEquals(number, Math.abs(number));
    }
}
