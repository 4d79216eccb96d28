package org.example;

class KernelIT extends Cases {}
