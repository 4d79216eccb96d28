package dev.ktstr.maven.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ktstr.Environment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Examines, and looks into what was found. */
final class Reports {
    private Reports() {}

    static Environment environment(Path cache, Map<String, String> more) {
        Map<String, String> variables = new HashMap<>(Map.of("KTSTR_CACHE_DIR", cache.toString()));
        variables.put("PATH", System.getenv("PATH"));
        variables.putAll(more);
        return Environment.of(variables, null);
    }

    static Surroundings surroundings(Environment environment) {
        return new Surroundings(environment, false, "1.0", "3.9.16", Optional.empty());
    }

    static Surroundings surroundings(Path cache) {
        return surroundings(environment(cache, Map.of()));
    }

    static Finding only(List<Finding> findings, String name) {
        List<Finding> found =
                findings.stream().filter(each -> each.name().equals(name)).toList();
        assertThat(found).as("%s in %s", name, findings).hasSize(1);
        return found.get(0);
    }
}
