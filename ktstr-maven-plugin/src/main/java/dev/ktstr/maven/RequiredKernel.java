package dev.ktstr.maven;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelSelector;
import dev.ktstr.cache.Modules;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A kernel that a project needs, as its POM says it: {@code <kernel>6.1</kernel>}, or with elements that say where it
 * comes from if it is not stored. Maven fills it. Not for several threads.
 */
public final class RequiredKernel {
    private @Nullable String selector;
    private @Nullable List<File> packages;
    private @Nullable File kernelTree;
    private @Nullable String modules;
    private @Nullable String key;

    /** One that needs nothing yet. */
    public RequiredKernel() {}

    /**
     * Takes the text of an element without elements in it, or of a property: a selector.
     *
     * @param text such as {@code 6.1}
     */
    public void set(String text) {
        selector = text;
    }

    /** One that was given as a property, from where the POM's kernel of the same selector comes, if there is one with a source. */
    static KernelNeed given(String text, String origin, List<RequiredKernel> ofPom) throws KtstrException {
        RequiredKernel kernel = new RequiredKernel();
        kernel.set(text);
        for (RequiredKernel each : ofPom) {
            if (each.hasSource()
                    && each.selector != null
                    && each.selector.strip().equals(text)) {
                kernel = each;
                break;
            }
        }
        return kernel.read(Optional.of(origin));
    }

    /** The same, checked. */
    KernelNeed read() throws KtstrException {
        return read(Optional.empty());
    }

    private boolean hasSource() {
        return kernelTree != null || (packages != null && !packages.isEmpty());
    }

    private KernelNeed read(Optional<String> origin) throws KtstrException {
        List<Path> files = packages == null
                ? List.of()
                : packages.stream().map(File::toPath).toList();
        boolean hasSource = hasSource();
        if (!files.isEmpty() && kernelTree != null) {
            throw contradiction(
                    "it comes from packages, and from kernelTree", kernelTree.toPath(), "give one of the two");
        }
        if (!hasSource && (modules != null || key != null)) {
            throw contradiction(
                    "modules and key say how it is stored, and there is nothing to store it from",
                    null,
                    "give packages or kernelTree, too; or the selector alone");
        }
        if (!hasSource && selector == null) {
            throw contradiction("it is empty", null, "give a selector, such as 6.1; or packages, or kernelTree");
        }
        if (key != null) {
            requireListable(key);
        }
        return new KernelNeed(
                selector == null ? Optional.empty() : Optional.of(KernelSelector.parse(selector.strip())),
                files,
                Optional.ofNullable(kernelTree).map(File::toPath),
                modules == null ? Modules.BOOT : KernelSources.modules("modules of a kernel in ktstr.kernels", modules),
                Optional.ofNullable(key),
                origin);
    }

    /** Keys are handed to tests in a list. */
    static void requireListable(String key) throws GoalException {
        if (key.contains(",") || !key.strip().equals(key)) {
            throw new GoalException(
                    ErrorCode.KEY_INVALID,
                    "preparing kernel \"" + key + "\": tests are told the keys in a list, separated by commas, and this"
                            + " one has a comma in it, or begins or ends with a space",
                    null,
                    "store it by another key: leave key out, and one is derived");
        }
    }

    private static GoalException contradiction(String why, @Nullable Path path, String remedy) {
        return new GoalException(
                ErrorCode.REQUEST_CONTRADICTORY, "reading a kernel of ktstr.kernels: " + why, path, remedy);
    }
}
