package dev.ktstr.cache;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where a stored kernel came from. Short git hashes have seven digits. */
public sealed interface KernelSource {
    /** The word in metadata, such as {@code local}. */
    String type();

    /** The object in metadata, as JSON text. */
    default String json() {
        return MetadataCodec.json(this);
    }

    /** Unpacked from a release tarball. */
    record Tarball() implements KernelSource {
        @Override
        public String type() {
            return "tarball";
        }
    }

    /** Cloned from a git repository. */
    record Git(@Nullable String gitHash, @Nullable String ref) implements KernelSource {
        @Override
        public String type() {
            return "git";
        }
    }

    /**
     * Files on this machine.
     *
     * @param sourceTreePath the tree it was built in, if it came from one
     * @param gitHash of that tree; null when it is not git, unreadable or dirty
     */
    record Local(@Nullable String sourceTreePath, @Nullable String gitHash) implements KernelSource {
        @Override
        public String type() {
            return "local";
        }

        /** The recorded tree; it may no longer be there. */
        public Optional<Path> sourceTree() {
            try {
                return Optional.ofNullable(sourceTreePath).map(Path::of);
            } catch (InvalidPathException notHere) {
                return Optional.empty();
            }
        }
    }

    /**
     * A kind that this version does not know; newer versions of the original write some.
     *
     * @param json the whole object as it was read
     */
    record Other(String type, String json) implements KernelSource {}
}
