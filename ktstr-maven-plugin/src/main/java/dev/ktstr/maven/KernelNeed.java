package dev.ktstr.maven;

import dev.ktstr.cache.KernelSelector;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.StoreRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A kernel that a project needs. It has a selector, packages, or a tree.
 *
 * @param packages where it comes from if nothing is selected; empty if not from packages
 * @param kernelTree the same; not both
 * @param modules which to store
 * @param key the name to store it by; empty to derive one
 * @param origin the property that asks for it, in place of the POM's list; empty if that list does
 */
record KernelNeed(
        Optional<KernelSelector> selector,
        List<Path> packages,
        Optional<Path> kernelTree,
        Modules modules,
        Optional<String> key,
        Optional<String> origin) {
    boolean hasSource() {
        return !packages.isEmpty() || kernelTree.isPresent();
    }

    /** How it is stored. */
    void addTo(StoreRequest.Builder request) {
        request.modules(modules);
        key.ifPresent(request::key);
    }

    /** Where it comes from, for messages. */
    String source() {
        return kernelTree
                .map(tree -> "the tree " + tree)
                .orElseGet(() -> packages.stream()
                        .map(file -> String.valueOf(file.getFileName()))
                        .collect(Collectors.joining(" and ")));
    }
}
