package dev.ktstr.it;

import dev.ktstr.KtstrException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * A process that does operations when it is told to, each in a thread of its own that has made no system calls before: told
 * the name of one it says {@code thread} and the number of the thread; told anything more it does it, between {@code begun} and
 * {@code done}; told anything more, which is for after the thread has ended, it says what came of it, and {@code end}.
 */
final class VictimMain {
    private VictimMain() {}

    /**
     * Arguments: directory of the ground, of its inputs, of a ground of this process's own, and operations, which are done
     * there first, so that all classes are loaded and no calls of that are in the way later.
     */
    public static void main(String[] arguments) throws Exception {
        Path inputs = Path.of(arguments[1]);
        Ground ground = new Ground(Path.of(arguments[0]), inputs);
        Ground own = new Ground(Path.of(arguments[2]), inputs);
        Files.createDirectories(own.store());
        for (String name : List.of(arguments).subList(3, arguments.length)) {
            Operation operation = Operation.valueOf(name);
            own.prepare(operation);
            own.act(operation, told -> {});
            opened(own);
            Files.readSymbolicLink(Path.of("/proc/thread-self"));
        }
        say("ready");
        for (String name = told(); !name.isEmpty(); name = told()) {
            run(ground, Operation.valueOf(name));
        }
    }

    private static void run(Ground ground, Operation operation) throws IOException, InterruptedException {
        Map<String, String> before = opened(ground);
        List<String> told = new ArrayList<>();
        CountDownLatch go = new CountDownLatch(1);
        Thread thread = new Thread(() -> act(ground, operation, go, told), "victim");
        thread.start();
        told();
        go.countDown();
        thread.join();
        told();
        Map<String, String> after = opened(ground);
        after.keySet().removeAll(before.keySet());
        after.values().forEach(each -> say("leaked " + each));
        told.forEach(VictimMain::say);
        say("end");
    }

    private static void act(Ground ground, Operation operation, CountDownLatch go, List<String> told) {
        try {
            say("thread " + Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName());
            go.await();
            say(Victim.BEGUN);
            told.add("DONE " + ground.act(operation, told::add));
        } catch (KtstrException refused) {
            told.add("REFUSED " + refused);
        } catch (Exception | Error bug) {
            told.add("BUG " + bug + " at " + List.of(bug.getStackTrace()));
        } finally {
            say(Victim.DONE);
        }
    }

    /** A line of standard input; empty at its end. By no other system call than read(2): others may be made to fail. */
    private static String told() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next;
        while ((next = read()) >= 0 && next != '\n') {
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** Where all threads are traced, what is meant for another one hits this one, too; but once. */
    private static int read() throws IOException {
        try {
            return System.in.read();
        } catch (IOException injected) {
            return System.in.read();
        }
    }

    private static void say(String line) {
        System.out.println(line.replace("\n", " | "));
    }

    /** What descriptors of this process are open on, by number, as far as it is the store, or what is stored. */
    private static Map<String, String> opened(Ground ground) throws IOException {
        Map<String, String> opened = new TreeMap<>();
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path each : all.toList()) {
                try {
                    String target = Files.readSymbolicLink(each).toString();
                    if (target.startsWith(ground.store().toString())
                            || target.startsWith(ground.inputs().toString())) {
                        opened.put(each.getFileName().toString(), target);
                    }
                } catch (NoSuchFileException closed) { // the one of this listing
                }
            }
        }
        return opened;
    }
}
