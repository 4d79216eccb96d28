package dev.ktstr.maven.build;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What make must not find in its environment: a kernel's key says nothing of it. */
final class MakeEnvironment {
    /** Where make, or git, was started by another make or git. */
    private static final Pattern INHERITED =
            Pattern.compile("MAKEFLAGS|MAKELEVEL|MAKEFILES|MAKE_TERMOUT|MAKE_TERMERR|MFLAGS|GNUMAKEFLAGS|GIT_.*");

    /** Architecture, version, tools and their flags, where the outcome goes, and how much is said. */
    private static final Pattern MISLEADING = Pattern.compile("ARCH|SRCARCH|SUBARCH|UTS_MACHINE|CROSS_COMPILE.*"
            + "|LOCALVERSION|EXTRAVERSION|KERNELRELEASE|KERNELVERSION"
            + "|LLVM|LLVM_IAS|CC|CPP|LD|AR|NM|AS|OBJCOPY|OBJDUMP|READELF|STRIP|PAHOLE|RESOLVE_BTFIDS|LEX|YACC|AWK|CHECK"
            + "|HOST(CC|CXX|LD|AR|RUSTC|PKG_CONFIG)|HOST(C|CXX|LD|RUST)FLAGS|HOSTLDLIBS|RUSTC|BINDGEN|CLANG_FLAGS"
            + "|K(C|A|CPP|RUST)FLAGS|[ACR]?(LD)?FLAGS_(KERNEL|MODULE)|[AC]FLAGS|LDFLAGS_vmlinux"
            + "|KCONFIG_.*|KBUILD_.*|srctree|objtree|O|M|V|W|C|CF");

    /** They are in the kernel's banner only, and are there to make builds reproducible. */
    private static final Set<String> HEEDED =
            Set.of("KBUILD_BUILD_TIMESTAMP", "KBUILD_BUILD_USER", "KBUILD_BUILD_HOST");

    private MakeEnvironment() {}

    /**
     * Removes it.
     *
     * @return the names of what somebody may have set for this build, in alphabetical order
     */
    static List<String> clean(Map<String, String> variables) {
        List<String> unheeded = new ArrayList<>();
        for (String name : new TreeSet<>(variables.keySet())) {
            boolean isMisleading = MISLEADING.matcher(name).matches() && !HEEDED.contains(name);
            if (isMisleading) {
                unheeded.add(name);
            }
            if (isMisleading || INHERITED.matcher(name).matches()) {
                variables.remove(name);
            }
        }
        variables.put("LC_ALL", "C");
        return unheeded;
    }
}
