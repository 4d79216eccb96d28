package dev.ktstr.elf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.elf.KeepList.Fate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeepListTest {
    @Test
    void noNameIsOnTwoLists() {
        List<String> names = new ArrayList<>(KeepList.AS_IS);
        names.addAll(KeepList.GONE);
        names.addAll(KeepList.GONE_PREFIXES);
        assertThat(names).doesNotHaveDuplicates();
        assertThat(KeepList.AS_IS).noneMatch(name -> KeepList.startsWithAny(name, KeepList.GONE_PREFIXES));
        assertThat(KeepList.AS_IS).noneMatch(DebugPrefixStrip::isRemoved);
    }

    @ParameterizedTest
    @ValueSource(strings = {".symtab", ".strtab", ".shstrtab", ".rodata", ".BTF", ".bss"})
    void whatConsumersReadStaysAllocatedOrNot(String name) {
        assertThat(KeepList.fateOf(name, true)).isEqualTo(Fate.AS_IS);
        assertThat(KeepList.fateOf(name, false)).isEqualTo(Fate.AS_IS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {".text", ".data", ".data..percpu", ".init.data", ".data..ro_after_init", ".rela.dyn", ".new"})
    void whatHasAnAddressKeepsItsHeader(String name) {
        assertThat(KeepList.fateOf(name, true)).isEqualTo(Fate.HEADER);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"__ksymtab", "__ksymtab_gpl", "__ksymtab_strings", "__kcrctab", "__kcrctab_gpl", ".BTF_ids"})
    void exportTablesAndBtfIdsGo(String name) {
        assertThat(KeepList.fateOf(name, true)).isEqualTo(Fate.GONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {".debug_info", ".comment", ".BTF.ext", ".rela.text", ".rodata1", ".gnu_debuglink"})
    void whatHasNoAddressGoes(String name) {
        assertThat(KeepList.fateOf(name, false)).isEqualTo(Fate.GONE);
    }
}
