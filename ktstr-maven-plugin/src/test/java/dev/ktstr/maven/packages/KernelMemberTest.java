package dev.ktstr.maven.packages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.maven.packages.KernelMember.Kind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelMemberTest {
    @ParameterizedTest
    @CsvSource({
        "boot/vmlinuz-6.1, IMAGE, 6.1, image",
        "boot/config-6.1, CONFIG, 6.1, config",
        "boot/vmlinux-6.1, VMLINUX, 6.1, vmlinux",
        "usr/lib/debug/boot/vmlinux-6.1, VMLINUX, 6.1, vmlinux",
        "usr/lib/debug/lib/modules/6.1/vmlinux, VMLINUX, 6.1, vmlinux",
        "usr/lib/debug/usr/lib/modules/6.1/vmlinux, VMLINUX, 6.1, vmlinux",
        "lib/modules/6.1/vmlinux, VMLINUX, 6.1, vmlinux",
        "lib/modules/6.1/vmlinuz, IMAGE, 6.1, image",
        "usr/lib/modules/6.1/config, CONFIG, 6.1, config",
        "lib/modules/6.1/kernel/fs/a.ko, MODULE, 6.1, modules/kernel/fs/a.ko",
        "lib/modules/6.1/a.ko, MODULE, 6.1, modules/a.ko",
        "usr/lib/modules/6.1/kernel/a.ko.xz, MODULE, 6.1, modules/kernel/a.ko",
        "lib/modules/6.1/kernel/a.ko.zst, MODULE, 6.1, modules/kernel/a.ko",
        "lib/modules/6.1/kernel/a.ko.gz, MODULE, 6.1, modules/kernel/a.ko",
        "lib/modules/6.1/modules.builtin, MODULE_LIST, 6.1, modules/modules.builtin",
        "lib/modules/6.1/modules.builtin.modinfo, MODULE_LIST, 6.1, modules/modules.builtin.modinfo",
        "lib/modules/6.1/modules.order, MODULE_LIST, 6.1, modules/modules.order",
    })
    void knowsWhereAKernelsPartsAre(String name, Kind kind, String release, String target) {
        assertThat(KernelMember.of(name)).contains(new KernelMember(kind, release, target));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "boot",
                "boot/System.map-6.1",
                "boot/vmlinuz",
                "boot/vmlinuz-",
                "boot/vmlinuz-6.1/x",
                "boot/initrd.img-6.1",
                "xboot/vmlinuz-6.1",
                "usr/boot/vmlinuz-6.1",
                "usr/lib/debug/boot/vmlinuz-6.1",
                "usr/lib/debug/boot/config-6.1",
                "usr/lib/debug/lib/modules/6.1/kernel/a.ko",
                "usr/lib/debug/vmlinux-6.1",
                "lib/modules/6.1",
                "lib/modules/6.1/modules.dep",
                "lib/modules/6.1/modules.order.xz",
                "lib/modules/6.1/kernel/a.ko.bz2",
                "lib/modules/6.1/kernel/a.ko.debug",
                "lib/modules/6.1/kernel/vmlinuz",
                "lib/modules/vmlinuz"
            })
    void leavesTheRestAlone(String name) {
        assertThat(KernelMember.of(name)).isEmpty();
    }
}
