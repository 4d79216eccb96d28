/**
 * Reading ELF and stripping {@code vmlinux}, in plain Java on {@link java.nio.channels.FileChannel}.
 */
@NullMarked
package dev.ktstr.elf;

import org.jspecify.annotations.NullMarked;
