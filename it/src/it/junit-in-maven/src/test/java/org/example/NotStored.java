package org.example;

import dev.ktstr.cache.KernelEntry;
import dev.ktstr.junit.KtstrKernel;
import dev.ktstr.junit.KtstrKernels;
import org.junit.jupiter.api.Test;

class NotStored {
    @Test
    @KtstrKernel("9.99")
    void method() {}

    @KtstrKernels("9.99..9.100")
    void matrix(KernelEntry kernel) {}
}

@KtstrKernel("9.99")
class NotStoredForClass {
    @Test
    void test() {}
}
