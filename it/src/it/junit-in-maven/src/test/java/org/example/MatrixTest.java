package org.example;

import dev.ktstr.cache.KernelEntry;

class MatrixTest extends MatrixCases {
    MatrixTest(KernelEntry kernel) {
        super(kernel);
    }
}
