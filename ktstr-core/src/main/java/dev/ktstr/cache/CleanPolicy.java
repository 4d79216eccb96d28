package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which entries to remove. One of {@code all}, {@code corruptOnly}, {@code key}, or {@code keep} and {@code olderThan}
 * alone or together; without any, every entry is a candidate and nothing is removed. Immutable.
 */
public final class CleanPolicy {
    private final boolean corruptOnly;
    private final @Nullable String key;
    private final @Nullable Integer keep;
    private final @Nullable Duration olderThan;
    private final boolean dryRun;

    private CleanPolicy(Builder builder) {
        this.corruptOnly = builder.corruptOnly;
        this.key = builder.key;
        this.keep = builder.keep;
        this.olderThan = builder.olderThan;
        this.dryRun = builder.dryRun || builder.criteria().isEmpty();
    }

    public static Builder builder() {
        return new Builder();
    }

    boolean corruptOnly() {
        return corruptOnly;
    }

    Optional<String> key() {
        return Optional.ofNullable(key);
    }

    /** How many of the newest valid entries stay. */
    int keep() {
        return keep == null ? 0 : keep;
    }

    Optional<Duration> olderThan() {
        return Optional.ofNullable(olderThan);
    }

    /** Whether nothing is to be removed, only told. */
    public boolean isDryRun() {
        return dryRun;
    }

    /** Collects a policy. Not for several threads. */
    public static final class Builder {
        private boolean all;
        private boolean corruptOnly;
        private @Nullable String key;
        private @Nullable Integer keep;
        private @Nullable Duration olderThan;
        private boolean dryRun;

        private Builder() {}

        /** Every entry. */
        public Builder all(boolean every) {
            this.all = every;
            return this;
        }

        /** Only entries that cannot be used. */
        public Builder corruptOnly(boolean only) {
            this.corruptOnly = only;
            return this;
        }

        /** Only this entry. */
        public Builder key(String name) {
            this.key = name;
            return this;
        }

        /** All but the newest so many. Corrupt entries take no place among them: they go. */
        public Builder keep(int newest) {
            this.keep = newest;
            return this;
        }

        /** Entries that were stored longer ago than this. */
        public Builder olderThan(Duration age) {
            this.olderThan = age;
            return this;
        }

        /** Whether only to tell what would be removed. */
        public Builder dryRun(boolean only) {
            this.dryRun = only;
            return this;
        }

        /**
         * The policy.
         *
         * @throws KtstrException if the criteria contradict each other, or {@code keep} is negative
         */
        public CleanPolicy build() throws KtstrException {
            List<String> criteria = criteria();
            boolean together = criteria.equals(List.of("keep", "olderThan"));
            if (criteria.size() > 1 && !together) {
                throw contradictory(String.join(" and ", criteria) + " contradict each other");
            }
            if (keep != null && keep < 0) {
                throw contradictory("keep is " + keep + ", and fewer than none cannot be kept");
            }
            if (olderThan != null && olderThan.isNegative()) {
                throw contradictory("olderThan is negative");
            }
            return new CleanPolicy(this);
        }

        private List<String> criteria() {
            List<String> criteria = new ArrayList<>();
            if (all) {
                criteria.add("all");
            }
            if (corruptOnly) {
                criteria.add("corruptOnly");
            }
            if (key != null) {
                criteria.add("key");
            }
            if (keep != null) {
                criteria.add("keep");
            }
            if (olderThan != null) {
                criteria.add("olderThan");
            }
            return criteria;
        }

        private static StoreException contradictory(String why) {
            return new StoreException(
                    ErrorCode.REQUEST_CONTRADICTORY,
                    "cleaning the kernel cache: " + why,
                    null,
                    "give one of all, corruptOnly, key, or keep and olderThan (alone or together)");
        }
    }
}
