package dev.ktstr.maven;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ktstr.ErrorCode;
import dev.ktstr.maven.doctor.Doctor;
import dev.ktstr.maven.doctor.Finding;
import dev.ktstr.maven.doctor.Finding.Level;
import dev.ktstr.maven.doctor.Report;
import dev.ktstr.maven.doctor.Surroundings;
import java.io.File;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.maven.model.Build;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Says what this machine can and cannot do for ktstr, found out by doing it: locks, clones, mkfs, a virtual machine under KVM.
 * Each line is OK, WARN or FAIL, with what was tried, and below it what mends it. Leaves nothing behind.
 *
 * @since 0.1.0
 */
@Mojo(name = "doctor", requiresProject = false, threadSafe = true)
public final class DoctorMojo extends AbstractJsonMojo {
    /**
     * Whether the build fails if anything is FAIL. Without it the goal only says what it found.
     *
     * @since 0.1.0
     */
    @Parameter(property = "ktstr.strict", defaultValue = "false")
    private boolean strict;

    /** The project's, if there is one: which Surefire it has. */
    @Parameter(defaultValue = "${project.build}", readonly = true)
    private @Nullable Build build;

    /** The project's POM; null where Maven stands in for a missing project. */
    @Parameter(defaultValue = "${project.file}", readonly = true)
    private @Nullable File pom;

    @Parameter(defaultValue = "${plugin.version}", readonly = true)
    private @Nullable String pluginVersion;

    @Parameter(defaultValue = "${maven.version}", readonly = true)
    private @Nullable String mavenVersion;

    @Override
    void run() throws IOException {
        Report report = new Doctor(surroundings()).examine();
        if (wantsJson()) {
            writeJson(json(report));
        } else {
            report.lines().forEach(getLog()::info);
        }
        if (strict && report.count(Level.FAIL) > 0) {
            throw new GoalException(
                    ErrorCode.DOCTOR_FAILED,
                    "examining this machine: " + report.summary() + "; what failed:\n"
                            + report.findings().stream()
                                    .filter(each -> each.level() == Level.FAIL)
                                    .map(DoctorMojo::inFull)
                                    .collect(Collectors.joining("\n")),
                    null,
                    "do what is said below each of them, or leave ktstr.strict out");
        }
    }

    /** With what mends it: the output above may be JSON, in a file, or switched off. */
    private static String inFull(Finding finding) {
        return Stream.concat(
                        Stream.of("  " + finding.name() + ": " + finding.found()),
                        finding.remedy().stream().map(line -> "    " + line))
                .collect(Collectors.joining("\n"));
    }

    private Surroundings surroundings() {
        return new Surroundings(
                environment(),
                hasCacheDir(),
                Optional.ofNullable(pluginVersion).orElse("LATEST"),
                Optional.ofNullable(mavenVersion).orElse("(unknown)"),
                pom == null ? Optional.empty() : Optional.ofNullable(build));
    }

    private static ObjectNode json(Report report) {
        ObjectNode document = MAPPER.createObjectNode();
        ArrayNode checks = document.putArray("checks");
        for (Finding each : report.findings()) {
            ObjectNode node = checks.addObject();
            node.put("name", each.name());
            node.put("level", each.level().name());
            node.put("found", each.found());
            ArrayNode remedy = node.putArray("remedy");
            each.remedy().forEach(remedy::add);
        }
        for (Level level : Level.values()) {
            document.put(level.name().toLowerCase(Locale.ROOT), report.count(level));
        }
        return document;
    }
}
