/**
 * Reading ELF and stripping {@code vmlinux}, in plain Java on {@link java.nio.channels.FileChannel}.
 *
 * <p>{@link dev.ktstr.elf.ElfFile} answers questions about a file; {@link dev.ktstr.elf.VmlinuxStripper} makes a small
 * one. Only ELF64 little-endian is handled; everything else is a {@link dev.ktstr.elf.MalformedElfException}, which says
 * why. No input, however damaged, leads to any other exception than that and those of the disk, nor to memory or time out
 * of proportion to its size.
 *
 * <pre>
 * source (590 MB)                              target (32 MB long, 12.6 MB on disk)
 *
 * file header, program headers     --copied--&gt; the same, without PT_NOTE
 * .rodata .BTF                     ---bytes--&gt; at the same offset, holes in between
 * .bss                             --as it is-&gt; (it has no bytes)
 * .text .data .data..percpu .init.* .notes ...
 *   (all that occupies memory)     --header--&gt; SHT_NOBITS: name, address, size, flags, alignment and
 *                                              file offset stay, the bytes do not
 * .symtab                          --filter--&gt; without the symbols of sections that are gone; sections
 *                                              renumbered, local symbols first, the rest unchanged
 * .strtab .shstrtab                ---bytes--&gt; whole, so that no name moves
 * __ksymtab* __kcrctab* .BTF_ids   -----x      and their symbols
 * .debug_* .rela* .comment ...     -----x      never even read: real kernels have relocation
 *                                              sections that no parser accepts
 *                                              section headers
 * </pre>
 *
 * <p>Where that is impossible (several symbol tables, none, no symbol with a name left, ...) a second, independent way
 * removes {@code .comment}, {@code .debug_*} and {@code .rela.* .rel.* .relr.* .crel.*}, puts empty headers in their
 * place and leaves all else alone. The report says which way it was.
 *
 * <p>The result is not bootable, and its program headers describe more bytes than there are. The build id is gone with
 * {@code .notes}: read it from the source.
 */
@NullMarked
package dev.ktstr.elf;

import org.jspecify.annotations.NullMarked;
