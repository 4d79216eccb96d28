package dev.ktstr.elf;

import java.util.List;

/** Which sections of a {@code vmlinux} stay, by name first, then by whether the kernel occupies memory for them. */
final class KeepList {
    /** What becomes of a section. */
    enum Fate {
        /** Stays as it is. */
        AS_IS,
        /** Stays as a header, so that the symbols in it keep a section; its bytes go. */
        HEADER,
        GONE
    }

    /** The symbols, the configuration ({@code IKCONFIG} in .rodata), the types, and a section that has no bytes. */
    static final List<String> AS_IS = List.of(".symtab", ".strtab", ".shstrtab", ".rodata", ".BTF", ".bss");

    /** BTF of the kernel's own use, read in the guest only. */
    static final List<String> GONE = List.of(".BTF_ids");

    /** Export tables: tens of thousands of symbols that only the module loader's own tables need. */
    static final List<String> GONE_PREFIXES = List.of("__ksymtab", "__kcrctab");

    private KeepList() {}

    static Fate fateOf(String name, boolean allocated) {
        if (AS_IS.contains(name)) {
            return Fate.AS_IS;
        }
        return !allocated || GONE.contains(name) || startsWithAny(name, GONE_PREFIXES) ? Fate.GONE : Fate.HEADER;
    }

    static boolean startsWithAny(String name, List<String> prefixes) {
        for (int i = 0; i < prefixes.size(); i++) {
            if (name.startsWith(prefixes.get(i))) {
                return true;
            }
        }
        return false;
    }
}
