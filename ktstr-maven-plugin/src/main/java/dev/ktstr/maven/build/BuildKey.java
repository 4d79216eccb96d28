package dev.ktstr.maven.build;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.cache.SourceTree;
import java.io.IOException;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The key of a build, which is known before it: {@code local-<hash7>-<arch>[-cfg<crc32>]-kc<crc32>[-xkc<crc32>]}.
 *
 * @param beforeConfig what comes before the part that names the {@code .config} the build began with
 * @param configHash CRC-32 of that; empty where there was none
 * @param afterConfig what comes after it
 */
record BuildKey(String beforeConfig, Optional<String> configHash, String afterConfig) {
    static BuildKey of(SourceTree.Commit commit, Fragments fragments, Optional<String> configHash) {
        return new BuildKey(
                "local-" + commit.shortHash() + "-" + fragments.arch(),
                configHash,
                "-kc" + fragments.own().hash()
                        + fragments.extra().map(extra -> "-xkc" + extra.hash()).orElse(""));
    }

    String text() {
        return beforeConfig + configHash.map(hash -> "-cfg" + hash).orElse("") + afterConfig;
    }

    /**
     * The entry that a build would give: it was built from what is here now, or what is here now came of its build. A build
     * leaves another {@code .config} than it began with.
     */
    Optional<KernelEntry> find(KernelCache cache) throws IOException {
        Optional<KernelEntry> same = cache.lookup(text());
        if (same.isPresent() || configHash.isEmpty()) {
            return same;
        }
        Pattern relative =
                Pattern.compile(Pattern.quote(beforeConfig) + "(-cfg[0-9a-f]{8})?" + Pattern.quote(afterConfig));
        return cache.list().stream()
                .flatMap(entry -> entry.fold(Stream::of, corrupt -> Stream.<KernelEntry>empty()))
                .filter(entry -> relative.matcher(entry.key()).matches())
                .filter(entry -> configHash.get().equals(entry.metadata().configHash()))
                .findFirst();
    }
}
