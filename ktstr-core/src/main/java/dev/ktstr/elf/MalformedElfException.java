package dev.ktstr.elf;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file that is not ELF, or ELF of a kind that this package does not handle, or damaged ELF. Failures of the disk are
 * never reported this way: they stay plain {@link java.io.IOException}s.
 */
public final class MalformedElfException extends KtstrException {
    private static final long serialVersionUID = 1L;

    /** Why the file was refused. */
    public enum Reason {
        NOT_ELF("give the vmlinux of the kernel build: the uncompressed ELF file, not the boot image"),
        CLASS_32("only ELF64 is handled; give the vmlinux of a 64-bit kernel, or keep it unstripped"),
        BIG_ENDIAN("only little-endian is handled; give the vmlinux of a little-endian kernel, or keep it unstripped"),
        /** A header, table or section reaches past the end of the file. */
        TRUNCATED("copy or build the file again: part of it is missing"),
        /** A field of the file header or of a section header contradicts the ELF specification. */
        BAD_HEADER("build the file again: its headers contradict themselves"),
        /** 65,280 sections or more, or numbers that are stored as if there were. */
        EXTENDED_NUMBERING("link the kernel with a linker script that merges its sections (as its own build does)"),
        NO_SECTIONS("give the vmlinux of the kernel build, with its section headers"),
        /** A section's name is not in the table of names, or there is no such table. */
        SECTION_NAME("give the vmlinux of the kernel build, with its .shstrtab"),
        /** Sections share bytes that cannot be shared, or cover the file header. */
        OVERLAP("build the file again: its sections overlap"),
        /** What a program or library says for the dynamic loader is damaged. */
        DYNAMIC("build or install the file again: what it says for the dynamic loader is damaged"),
        /** None, several, or one that contradicts itself. */
        SYMBOL_TABLE("give a vmlinux with exactly one symbol table, as the kernel's own build makes it"),
        /** No symbol with a name would be left. */
        NO_SYMBOLS("give a vmlinux whose symbols were not removed");

        private final String remedy;

        Reason(String remedy) {
            this.remedy = remedy;
        }
    }

    private final Reason reason;

    MalformedElfException(Reason reason, String detail, Path path, @Nullable Throwable cause) {
        super(ErrorCode.ELF_UNSUPPORTED, detail, path, reason.remedy, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
