package org.example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.junit.KtstrKernels;
import java.util.List;
import org.junit.jupiter.api.Test;

@KtstrKernels
class EveryPreparedIT {
    @Test
    void isOneOfThem(KernelEntry kernel) {
        assertTrue(List.of(System.getProperty("expected.kernels").split(",")).contains(kernel.key()), kernel.key());
    }
}
