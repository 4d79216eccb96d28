package org.example;

import dev.ktstr.cache.KernelEntry;

class MatrixIT extends MatrixCases {
    MatrixIT(KernelEntry kernel) {
        super(kernel);
    }
}
