package dev.ktstr.elf;

/**
 * Numbers of the ELF64 format: sizes and field offsets in bytes. Source: System V gABI chapters 4 and 5, {@code elf(5)},
 * and Linux {@code include/uapi/linux/elf.h}.
 */
final class Elf64 {
    static final int HEADER_SIZE = 64;
    static final int E_MACHINE = 18;
    static final int E_PHOFF = 32;
    static final int E_SHOFF = 40;
    static final int E_PHENTSIZE = 54;
    static final int E_PHNUM = 56;
    static final int E_SHENTSIZE = 58;
    static final int E_SHNUM = 60;
    static final int E_SHSTRNDX = 62;
    /** In {@code e_phnum}: the number is in section header 0. */
    static final int PN_XNUM = 0xffff;

    static final int PROGRAM_HEADER_SIZE = 56;
    static final int P_OFFSET = 8;
    static final int P_VADDR = 16;
    static final int P_FILESZ = 32;
    static final int P_ALIGN = 48;
    static final int PT_LOAD = 1;
    static final int PT_DYNAMIC = 2;
    static final int PT_INTERP = 3;
    static final int PT_NOTE = 4;

    static final int DYNAMIC_SIZE = 16;
    static final int D_VAL = 8;
    static final int DT_NULL = 0;
    static final int DT_NEEDED = 1;
    static final int DT_STRTAB = 5;
    static final int DT_STRSZ = 10;
    static final int DT_RPATH = 15;
    static final int DT_RUNPATH = 29;

    static final int SECTION_HEADER_SIZE = 64;
    static final int SH_NAME = 0;
    static final int SH_TYPE = 4;
    static final int SH_FLAGS = 8;
    static final int SH_ADDR = 16;
    static final int SH_OFFSET = 24;
    static final int SH_SIZE = 32;
    static final int SH_LINK = 40;
    static final int SH_INFO = 44;
    static final int SH_ADDRALIGN = 48;
    static final int SH_ENTSIZE = 56;

    static final int SHT_NULL = 0;
    static final int SHT_SYMTAB = 2;
    static final int SHT_STRTAB = 3;
    static final int SHT_RELA = 4;
    static final int SHT_NOTE = 7;
    static final int SHT_NOBITS = 8;
    static final int SHT_REL = 9;
    static final int SHT_RELR = 19;
    static final int SHT_CREL = 0x40000014;

    static final long SHF_ALLOC = 0x2;
    static final long SHF_INFO_LINK = 0x40;

    /** Section indices from here on have a meaning of their own. */
    static final int SHN_LORESERVE = 0xff00;
    /** The index is in {@code SHT_SYMTAB_SHNDX}, or in section header 0. */
    static final int SHN_XINDEX = 0xffff;

    static final int SYMBOL_SIZE = 24;
    static final int ST_INFO = 4;
    static final int ST_SHNDX = 6;
    static final int STB_LOCAL = 0;

    private Elf64() {}

    static boolean isRelocation(int type) {
        return type == SHT_RELA || type == SHT_REL || type == SHT_RELR || type == SHT_CREL;
    }

    /**
     * Whether {@code sh_info} of such a section is a section index (gABI, "Section Header"). That of
     * {@code SHT_NOBITS} has no meaning there: it may be left from a relocation section that lost its bytes.
     */
    static boolean infoIsSection(int type, long flags) {
        return (flags & SHF_INFO_LINK) != 0 || type == SHT_RELA || type == SHT_REL || type == SHT_NOBITS;
    }
}
