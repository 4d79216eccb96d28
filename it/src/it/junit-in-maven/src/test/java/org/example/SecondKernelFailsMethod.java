package org.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.junit.KtstrKernels;

class SecondKernelFailsMethod {
    @KtstrKernels({"one", "two"})
    void bad(KernelEntry kernel) {
        assertEquals("one", kernel.key());
    }
}
