package dev.ktstr.publish;

import java.util.Optional;

/** What one family of entries (kernels, disk templates) decides for itself. */
public interface EntryFamily {
    /** The name of a staging directory, given eight hex digits that no other has. */
    String stagingName(String key, String unique);

    /** The key that a staging directory belongs to; empty if the name is none of this family's. */
    Optional<String> keyOfStaging(String name);

    /** The file without which a directory is no entry. */
    String definingFile();
}
