package dev.ktstr.vm;

import dev.ktstr.cache.KernelModule;
import dev.ktstr.disk.Filesystem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The modules of a stored kernel in a guest. Those for file systems, and what only they need, are loaded when the first such file
 * system is mounted: the kernel asks modprobe(8) for it. All others are loaded at boot, in the order of the entry. Loading all of
 * them takes longer than the rest of the boot, and most guests mount one file system.
 */
final class GuestModules {
    private static final String DIRECTORY = GuestFiles.OURS + "/modules/";

    /** How the alias begins by which linux/fs/filesystems.c asks for a file system's module; {@code fs-} in the kernel. */
    private static final String FILE_SYSTEM = "fs_";

    private final Map<String, KernelModule> byName = new LinkedHashMap<>();
    private final Map<String, String> byAlias = new HashMap<>();

    /** @param files in load order, named {@code NNN-<name>.ko} */
    static GuestModules read(List<Path> files) throws IOException {
        GuestModules modules = new GuestModules();
        for (Path file : files) {
            String name = String.valueOf(file.getFileName());
            KernelModule module = KernelModule.read(file, name.substring(name.indexOf('-') + 1));
            modules.byName.put(module.name(), module);
            module.aliases().forEach(alias -> modules.byAlias.put(alias, module.name()));
        }
        return modules;
    }

    void writeTo(Cpio cpio) throws IOException {
        cpio.directory(DIRECTORY.substring(0, DIRECTORY.length() - 1));
        Set<String> atBoot = atBoot();
        List<String> boot = new ArrayList<>();
        List<String> later = new ArrayList<>();
        List<String> dependencies = new ArrayList<>();
        List<String> aliases = new ArrayList<>();
        for (KernelModule module : byName.values()) {
            cpio.file(DIRECTORY + module.path(), Cpio.READ_ONLY, module.file());
            (atBoot.contains(module.name()) ? boot : later).add(module.path());
            dependencies.add(module.path() + ":" + dependenciesOf(module));
            module.aliases().forEach(alias -> aliases.add("alias " + alias + " " + module.name()));
        }
        lines(cpio, "boot", boot);
        lines(cpio, "later", later);
        lines(cpio, "modules.dep", dependencies);
        lines(cpio, "modules.alias", aliases);
        // What mount(8) is to try where no type is given: file systems that are not loaded yet it would not know.
        List<String> fileSystems = Stream.of(Filesystem.values())
                .map(Filesystem::text)
                .filter(name -> byAlias.containsKey(FILE_SYSTEM + name))
                .toList();
        cpio.file("/etc/filesystems", Cpio.READ_ONLY, text(fileSystems));
    }

    /** What no file system needs, and what that needs in turn. */
    private Set<String> atBoot() {
        Set<String> ofFileSystems = new HashSet<>();
        for (KernelModule module : byName.values()) {
            if (module.aliases().stream().anyMatch(alias -> alias.startsWith(FILE_SYSTEM))) {
                addWithNeeded(module.name(), ofFileSystems);
            }
        }
        Set<String> atBoot = new HashSet<>();
        byName.keySet().stream()
                .filter(name -> !ofFileSystems.contains(name))
                .forEach(name -> addWithNeeded(name, atBoot));
        return atBoot;
    }

    /** @param wanted a module, or an alias of one: soft dependencies name either */
    private void addWithNeeded(String wanted, Set<String> names) {
        KernelModule module = byName.get(byName.containsKey(wanted) ? wanted : byAlias.getOrDefault(wanted, ""));
        if (module != null && names.add(module.name())) {
            module.depends().forEach(each -> addWithNeeded(each, names));
            module.before().forEach(each -> addWithNeeded(each, names));
        }
    }

    /**
     * As modules.dep(5) has them: what is to be loaded last comes first. Soft dependencies are not among them, since they may
     * refuse to be loaded: the kernel asks for those by itself.
     */
    private String dependenciesOf(KernelModule module) {
        Set<String> names = new HashSet<>();
        addDependencies(module, names);
        StringBuilder line = new StringBuilder();
        for (KernelModule each : byName.values()) {
            if (names.contains(each.name())) {
                line.insert(0, " " + each.path());
            }
        }
        return line.toString();
    }

    private void addDependencies(KernelModule module, Set<String> names) {
        for (String each : module.depends()) {
            KernelModule known = byName.get(each);
            if (known != null && names.add(each)) {
                addDependencies(known, names);
            }
        }
    }

    private static void lines(Cpio cpio, String name, List<String> lines) throws IOException {
        cpio.file(DIRECTORY + name, Cpio.READ_ONLY, text(lines));
    }

    private static byte[] text(List<String> lines) {
        return lines.stream()
                .map(line -> line + "\n")
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.UTF_8);
    }
}
