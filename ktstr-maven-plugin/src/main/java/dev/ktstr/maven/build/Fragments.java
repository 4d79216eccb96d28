package dev.ktstr.maven.build;

import dev.ktstr.ErrorCode;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * All options that were asked for: ours, and the user's, which win.
 *
 * @param arch what they are for
 */
public record Fragments(String arch, Fragment own, Optional<Fragment> extra) {
    private static final String DEBUG_INFO = "CONFIG_DEBUG_INFO";
    private static final String DEBUG_INFO_NONE = "CONFIG_DEBUG_INFO_NONE";
    private static final Pattern DWARF = Pattern.compile("CONFIG_DEBUG_INFO_DWARF.+");

    /**
     * For kernels of this machine.
     *
     * @param extraKconfig the user's file
     */
    static Fragments of(Optional<Path> extraKconfig) throws IOException {
        String arch = Machine.arch();
        Fragment own = Fragment.own(arch)
                .orElseThrow(() -> new BuildException(
                        ErrorCode.BUILD_TREE,
                        "building a kernel: it is not known what virtual machines need on " + arch,
                        null,
                        "build on x86_64 or aarch64"));
        return new Fragments(
                arch, own, extraKconfig.isEmpty() ? Optional.empty() : Optional.of(Fragment.read(extraKconfig.get())));
    }

    /** What {@code ktstr_kconfig_hash} would be of a kernel that is built now; empty for an architecture without a fragment. */
    public static Optional<String> currentHash(String arch) throws IOException {
        return Fragment.own(arch).map(Fragment::hash);
    }

    /**
     * What a {@code .config} is to have put in.
     *
     * @param base what it has
     */
    Kconfig wanted(Kconfig base) {
        Kconfig required = required();
        boolean isChosen = base.options().keySet().stream()
                        .anyMatch(option -> DWARF.matcher(option).matches() && base.isOn(option))
                || !required.isOn(DEBUG_INFO)
                || required.isOn(DEBUG_INFO_NONE)
                || required.options().keySet().stream()
                        .anyMatch(option -> DWARF.matcher(option).matches() && required.isOn(option));
        return isChosen ? required : withUsers(own.kconfig());
    }

    /** All that is asked for but for our version of DWARF: any will do, and of a choice only one can be had. */
    private Kconfig required() {
        Map<String, String> options = new LinkedHashMap<>(own.kconfig().options());
        options.keySet().removeIf(option -> DWARF.matcher(option).matches());
        return withUsers(new Kconfig(options));
    }

    private Kconfig withUsers(Kconfig ours) {
        return extra.map(user -> ours.with(user.kconfig())).orElse(ours);
    }

    /** Lines that say which options a configuration does not have as they were asked for, and what they are there. */
    List<String> missingFrom(Kconfig config) {
        List<String> missing = new ArrayList<>();
        for (Map.Entry<String, String> each : required().options().entrySet()) {
            String option = each.getKey();
            if (!config.has(option, each.getValue())) {
                boolean isUsers = extra.filter(user -> user.kconfig().options().containsKey(option))
                        .isPresent();
                String origin = isUsers ? extra.get().origin() : own.origin();
                missing.add(Fragment.shown(option + "=" + each.getValue()) + " (" + origin + ") became "
                        + (config.isOn(option) ? Fragment.shown(config.value(option)) : "n, that is not set"));
            }
        }
        return missing;
    }
}
