package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.junit.KtstrKernels;
import org.junit.jupiter.api.Test;

@KtstrKernels({"one", "two"})
class SecondKernelFails {
    @Test
    void good() {}

    @Test
    void bad(KernelEntry kernel) {
        assertEquals("one", kernel.key());
    }
}
