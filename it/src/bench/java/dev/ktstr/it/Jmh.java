package dev.ktstr.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** What goes on in a JVM, measured by JMH in one of its own. */
final class Jmh {
    static {
        // Of the machine, in a file: only one run at a time. Nothing here runs two, and others' runs are theirs to see
        // to.
        System.setProperty("jmh.ignoreLock", "true");
    }

    private Jmh() {}

    /**
     * Runs one method in a new JVM: seconds per call, the median of its iterations.
     *
     * @param parameters of its state, all of them
     */
    static double seconds(Effort effort, Class<?> state, String method, Map<String, String> parameters)
            throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + state.getName() + "\\." + method + "$")
                .forks(1)
                .jvmArgs("--enable-native-access=ALL-UNNAMED")
                .timeUnit(TimeUnit.NANOSECONDS)
                .warmupTime(TimeValue.milliseconds(effort.warmUpMillis()))
                .measurementTime(TimeValue.milliseconds(effort.warmUpMillis() / 2))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        parameters.forEach((name, value) -> options.param(name, value));
        RunResult result = new Runner(options.build()).runSingle();
        List<Double> iterations = new ArrayList<>();
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                iterations.add(iteration.getPrimaryResult().getScore());
            }
        }
        return Spread.of(iterations).median() / 1e9;
    }
}
