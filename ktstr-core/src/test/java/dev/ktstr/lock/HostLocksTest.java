package dev.ktstr.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.ktstr.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostLocksTest {
    @TempDir
    Path directory;

    private Environment environment;
    private HostLocks locks;

    @BeforeEach
    void openLocks() throws IOException {
        environment = Environment.of(Map.of("KTSTR_LOCK_DIR", directory.toString()), null);
        locks = HostLocks.of(environment);
    }

    @Test
    void aNamedLockExcludesAndIsListedWithItsHolder() throws IOException {
        Flock lock = locks.named("loop-0", environment, event -> {}).forTest("com.acme.JournalIT");

        try (LockGuard guard = lock.acquire(FlockMode.EXCLUSIVE, Duration.ZERO)) {
            assertThat(guard.lockFile()).isEqualTo(directory.resolve("ktstr-lock-loop-0.lock"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(guard.lockFile())))
                    .isEqualTo("rw-rw-rw-");
            assertThat(lock.tryAcquire(FlockMode.SHARED)).isEmpty();
            assertThat(locks.named(LockSurvey.now(environment))).singleElement().satisfies(listed -> {
                assertThat(listed.name()).isEqualTo("loop-0");
                assertThat(listed.holders())
                        .singleElement()
                        .satisfies(holder -> assertThat(holder.test()).isEqualTo("com.acme.JournalIT"));
            });
        }
        assertThat(locks.named(LockSurvey.now(environment)))
                .singleElement()
                .satisfies(listed -> assertThat(listed.holders()).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", "..//", "a b", "\u00e4", "a\n"})
    void whatIsNoNameIsRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> locks.named(name, environment, event -> {}))
                .withMessageContaining("is no name of a lock");
    }

    @Test
    void aNameHasAtMostAHundredCharacters() {
        assertThat(locks.named("a".repeat(100), environment, event -> {}).lockFile())
                .hasFileName("ktstr-lock-" + "a".repeat(100) + ".lock");
        assertThatIllegalArgumentException().isThrownBy(() -> locks.named("a".repeat(101), environment, event -> {}));
    }
}
