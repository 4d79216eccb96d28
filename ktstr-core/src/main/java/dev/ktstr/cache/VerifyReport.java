package dev.ktstr.cache;

import java.util.List;

/**
 * What re-reading an entry found.
 *
 * @param problems what is wrong, a line each; empty for a whole entry
 * @param notes what could not be checked, a line each
 */
public record VerifyReport(String key, List<String> problems, List<String> notes) {
    public boolean isWhole() {
        return problems.isEmpty();
    }
}
