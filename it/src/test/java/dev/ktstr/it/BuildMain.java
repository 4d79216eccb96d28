package dev.ktstr.it;

import dev.ktstr.Durations;
import dev.ktstr.Environment;
import dev.ktstr.KtstrException;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.maven.build.BuildOutcome;
import dev.ktstr.maven.build.BuildReport;
import dev.ktstr.maven.build.BuildRequest;
import dev.ktstr.maven.build.KernelBuild;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** A process that builds a tree: prints what it is told, and the outcome. */
final class BuildMain {
    private BuildMain() {}

    /** Arguments: cache directory, tree, log file, how long to wait for the tree. */
    public static void main(String[] arguments) throws IOException {
        BuildRequest request = new BuildRequest(
                Path.of(arguments[1]),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                false,
                Durations.parse(arguments[3]),
                Optional.empty(),
                Path.of(arguments[2]),
                true);
        try {
            System.out.println(run(Path.of(arguments[0]), request, System.out::println));
        } catch (KtstrException failure) {
            System.out.println(failure.getMessage());
        }
    }

    static Process start(Path cache, SmallTree tree, Path log, String timeout) throws IOException {
        return start("--default-signal=TERM,INT,HUP", cache, tree, log, timeout);
    }

    /** @param signals an option of env(1): what whoever starts these tests does with signals is inherited */
    static Process start(String signals, Path cache, SmallTree tree, Path log, String timeout) throws IOException {
        List<String> command = new ArrayList<>(List.of("env", signals));
        command.addAll(
                Commands.jvm(BuildMain.class, cache.toString(), tree.path().toString(), log.toString(), timeout));
        return Commands.start(command);
    }

    /** Builds in this process. */
    static BuildOutcome run(Path cache, BuildRequest request, Consumer<String> lines) throws IOException {
        Environment environment = Environment.system();
        KernelCache store = KernelCache.at(cache, environment).withEvents(event -> lines.accept(event.message()));
        BuildReport report = new BuildReport() {
            @Override
            public void say(String line) {
                lines.accept(line);
            }

            @Override
            public void warn(String line) {
                lines.accept("WARNING " + line);
            }

            @Override
            public void step(String doing, long steps, Duration elapsed) {
                lines.accept("step " + steps + ": " + doing);
            }
        };
        return new KernelBuild(environment, store, BuildMain::ignore, report, request).run();
    }

    private static void ignore(KtstrEvent event) {}
}
