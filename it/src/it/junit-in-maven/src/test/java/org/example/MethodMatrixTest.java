package org.example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.junit.KtstrKernels;

class MethodMatrixTest {
    @KtstrKernels
    void each(KernelEntry kernel) {
        assertTrue(kernel.key().equals("one") || kernel.key().equals("two"));
    }
}
