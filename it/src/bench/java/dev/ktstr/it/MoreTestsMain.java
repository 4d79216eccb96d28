package dev.ktstr.it;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the tests of a class, and prints how long each after the first took, in seconds, from the end of one to the end of the next. */
final class MoreTestsMain {
    private MoreTestsMain() {}

    /** Argument: the class. */
    public static void main(String[] arguments) {
        Ends ends = new Ends();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectClass(arguments[0]))
                                .build(),
                        ends);
        if (!ends.failures.isEmpty()) {
            throw new IllegalStateException(ends.failures.toString());
        }
        List<Long> nanos = ends.nanos;
        int more = nanos.size() - 1;
        System.out.println("each " + (nanos.get(more) - nanos.get(0)) / 1e9 / more);
    }

    /** When tests ended, and which of them badly. */
    private static final class Ends implements TestExecutionListener {
        private final List<Long> nanos = new ArrayList<>();
        private final List<String> failures = new ArrayList<>();

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                failures.add(test.getDisplayName() + ": " + result); // what a listener throws is logged, and no more
            }
            if (test.isTest()) {
                nanos.add(System.nanoTime());
            }
        }
    }
}
