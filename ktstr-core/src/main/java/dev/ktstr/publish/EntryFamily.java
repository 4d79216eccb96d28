package dev.ktstr.publish;

import java.util.Optional;

/** What one family of entries (kernels, disk templates) decides for itself. */
public interface EntryFamily {
    /** The name of a staging directory, given eight hex digits that no other has. */
    String stagingName(String key, String unique);

    /**
     * The key that something in the root is staging of; empty if the name is none of this family's.
     *
     * @param isDirectory whether it is a directory; else it is a file, or a link
     */
    Optional<String> keyOfStaging(String name, boolean isDirectory);

    /** The file without which a directory is no entry. */
    String definingFile();

    /** What messages call an entry. */
    String describe(String key);
}
