package dev.ktstr.it;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.util.Map;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs the tests of a class as an IDE does, with JUnit's launcher and without Maven: prints {@code ready}, reads a byte,
 * prints why tests failed, and {@code 5 passed, 0 failed}.
 */
final class JunitMain {
    private JunitMain() {}

    /** Arguments: class, and configuration parameters, such as {@code ktstr.cacheDir=cache}. */
    public static void main(String[] arguments) throws IOException {
        LauncherDiscoveryRequestBuilder request =
                LauncherDiscoveryRequestBuilder.request().selectors(selectClass(arguments[0]));
        for (int i = 1; i < arguments.length; i++) {
            String[] words = arguments[i].split("=", 2);
            request.configurationParameter(words[0], words[1]);
        }
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        System.out.println("ready");
        awaitWord();
        LauncherFactory.create().execute(request.build(), listener);
        TestExecutionSummary summary = listener.getSummary();
        summary.getFailures().forEach(failure -> System.out.println(failure.getException()));
        System.out.println(summary.getTestsSucceededCount() + " passed, " + summary.getTotalFailureCount() + " failed");
    }

    /** For tests in this process: says something to the one who started it. */
    static synchronized void say(String line) {
        System.out.println(line);
    }

    /** For tests in this process: waits until {@link #goOn} is called once more. */
    static void awaitWord() throws IOException {
        if (System.in.read() < 0) {
            throw new IOException("whoever started this has gone");
        }
    }

    /** Starts a process that is to run tests, and waits until it is ready. */
    static Process start(Class<?> testClass, Map<String, String> environment, String... parameters) throws IOException {
        String[] arguments = new String[parameters.length + 1];
        arguments[0] = testClass.getName();
        System.arraycopy(parameters, 0, arguments, 1, parameters.length);
        ProcessBuilder builder = new ProcessBuilder(Commands.jvm(JunitMain.class, arguments)).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        awaitLine(process, "ready");
        return process;
    }

    static void goOn(Process process) throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    /** Reads what it prints until a line begins so. */
    static String awaitLine(Process process, String beginning) throws IOException {
        StringBuilder before = new StringBuilder();
        String line = process.inputReader().readLine();
        while (line != null && !line.startsWith(beginning)) {
            before.append(line).append('\n');
            line = process.inputReader().readLine();
        }
        if (line == null) {
            throw new IOException("the child ended without saying " + beginning + ", but said " + before);
        }
        return line;
    }
}
