package dev.ktstr.maven.packages;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A member of a package that is part of a kernel.
 *
 * @param release of the kernel, as its name says
 * @param target where it goes, below the directory that all is unpacked to; for a module, without the compression's suffix
 */
record KernelMember(Kind kind, String release, String target) {
    /** What it can be, and how large at most: ten times and more of what there is. */
    enum Kind {
        IMAGE("boot image", 256L << 20),
        CONFIG("configuration", 16L << 20),
        VMLINUX("vmlinux", 8L << 30),
        MODULE("module", 512L << 20),
        MODULE_LIST("list of modules", 64L << 20);

        private final String text;
        private final long limit;

        Kind(String text, long limit) {
            this.text = text;
            this.limit = limit;
        }

        String text() {
            return text;
        }

        long limit() {
            return limit;
        }

        boolean isOfModules() {
            return this == MODULE || this == MODULE_LIST;
        }
    }

    static final String MODULES = "modules";

    /** Where debug packages have everything. */
    static final String DEBUG = "usr/lib/debug/";

    private static final Pattern BOOT = Pattern.compile("boot/(vmlinuz|config|vmlinux)-([^/]+)");

    /** With everything else, too: Debian means to leave /boot to those who install. */
    private static final Pattern MODULE_DIRECTORY = Pattern.compile("(?:usr/)?lib/modules/([^/]+)/(.+)");

    /** What a member is, by its checked name; empty if it is nothing that we need. */
    static Optional<KernelMember> of(String name) {
        boolean debug = name.startsWith(DEBUG);
        String place = debug ? name.substring(DEBUG.length()) : name;
        Matcher boot = BOOT.matcher(place);
        Optional<KernelMember> found = Optional.empty();
        if (boot.matches()) {
            found = of(boot.group(1), boot.group(2));
        } else {
            Matcher module = MODULE_DIRECTORY.matcher(place);
            if (module.matches()) {
                found = ofModuleDirectory(module.group(1), module.group(2));
            }
        }
        // Debug packages have modules, too: ten times larger, for debuggers.
        return found.filter(member -> !debug || member.kind == Kind.VMLINUX);
    }

    private static Optional<KernelMember> of(String what, String release) {
        return switch (what) {
            case "vmlinuz" -> Optional.of(new KernelMember(Kind.IMAGE, release, "image"));
            case "config" -> Optional.of(new KernelMember(Kind.CONFIG, release, "config"));
            case "vmlinux" -> Optional.of(new KernelMember(Kind.VMLINUX, release, "vmlinux"));
            default -> Optional.empty();
        };
    }

    private static Optional<KernelMember> ofModuleDirectory(String release, String path) {
        return switch (path) {
            case "modules.builtin", "modules.builtin.modinfo", "modules.order" ->
                Optional.of(new KernelMember(Kind.MODULE_LIST, release, MODULES + "/" + path));
            default ->
                Compression.ofModule(path)
                        .map(how ->
                                path.substring(0, path.length() - how.suffix().length()))
                        .map(plain -> new KernelMember(Kind.MODULE, release, MODULES + "/" + plain))
                        .or(() -> of(path, release));
        };
    }
}
