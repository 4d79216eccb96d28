package org.example;

class KernelTest extends Cases {}
