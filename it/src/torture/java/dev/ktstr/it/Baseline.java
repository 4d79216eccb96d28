package dev.ktstr.it;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What an operation does when nothing goes wrong.
 *
 * @param targets every call that touches the store, in order
 * @param lasting what it forces to disk and moves
 * @param time how long it takes without strace
 */
record Baseline(
        Operation operation, List<InjectionPoint> targets, List<String> lasting, Outcome outcome, Duration time) {
    private static final Set<Step> LOCKED = EnumSet.of(Step.WRITE, Step.SWAP, Step.DELETE);

    /** Has a victim do it, which has done it on another ground before. */
    static Baseline of(Operation operation, Ground ground, Victim victim) throws IOException, InterruptedException {
        ground.prepare(operation);
        victim.prepare(operation);
        List<Call> calls;
        try (Strace strace = Strace.attach(
                ground.directory().resolve("trace"),
                victim,
                operation.isOfTwoThreads(),
                InjectionPoint.options(operation, "%file,%desc", ""))) {
            victim.go();
            victim.awaitEnd();
            calls = strace.calls();
        }
        Outcome outcome = victim.outcome();
        List<String> broken = ground.broken(operation, outcome, false);
        if (outcome.end() != Outcome.End.DONE || !broken.isEmpty()) {
            throw new IOException(operation + " is broken by itself: " + outcome + broken);
        }
        List<InjectionPoint> targets = targets(operation, ground, calls, victim.thread());
        return new Baseline(
                operation, targets, lasting(calls, victim.thread()), outcome, time(operation, ground, victim));
    }

    private static Duration time(Operation operation, Ground ground, Victim victim)
            throws IOException, InterruptedException {
        ground.prepare(operation);
        victim.prepare(operation);
        long start = System.nanoTime();
        victim.go();
        victim.awaitEnd();
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        victim.outcome();
        return time;
    }

    private static List<InjectionPoint> targets(Operation operation, Ground ground, List<Call> calls, String thread)
            throws IOException {
        List<InjectionPoint> targets = new ArrayList<>();
        boolean isSwapped = false;
        Set<String> locked = new HashSet<>();
        Set<Step> seen = EnumSet.noneOf(Step.class);
        for (Call call : calls) {
            if (call.isAbout(ground) && !call.isInjected()) {
                Step step = Step.of(call.name(), call.about(), isSwapped);
                if (step == Step.LOCK && call.name().matches("flock|close") && call.isGood()) {
                    String file = call.about().replaceFirst("> LOCK_.*", ">");
                    if (call.about().contains("LOCK_EX")) {
                        locked.add(file);
                    } else {
                        locked.remove(file);
                    }
                }
                if (LOCKED.contains(step)
                        && locked.isEmpty()
                        && operation != Operation.CLONE) { // it writes what is its own
                    throw new IOException(operation + " holds no lock at " + call);
                }
                isSwapped |= step == Step.SWAP;
                seen.add(step);
                targets.add(
                        new InjectionPoint(operation, step, call, !call.thread().equals(thread)));
            }
        }
        // What the surroundings are made of cannot be made otherwise at the same time.
        targets.removeIf(
                target -> operation.surroundings().startsWith(target.call().name() + ":"));
        if (!seen.containsAll(operation.steps())) {
            throw new IOException("in " + targets + " there is nothing but " + seen + " of " + operation.steps());
        }
        return targets;
    }

    /** Whether something was injected when the new was visible already, or the old was not any more. */
    static boolean isSwappedBefore(List<Call> calls) {
        boolean isSwapped = false;
        for (Call call : calls) {
            if (isSwapped && call.isInjected()) {
                return true;
            }
            isSwapped |= call.isGood() && Step.of(call.name(), call.about(), false) == Step.SWAP;
        }
        return false;
    }

    /** What was forced to disk, and moved, by the thread that was told to do the operation. */
    static List<String> lasting(List<Call> calls, String thread) {
        return calls.stream()
                .filter(call -> call.thread().equals(thread) && call.isGood())
                .filter(call -> call.name().matches("fsync|rename|renameat2"))
                .map(call -> call.name() + " " + call.about())
                .filter(text -> !text.contains("/.locks/holders"))
                .toList();
    }

    /** The calls of each step. */
    Map<Step, List<InjectionPoint>> bySteps() {
        Map<Step, List<InjectionPoint>> bySteps = new TreeMap<>();
        targets.forEach(target -> bySteps.computeIfAbsent(target.step(), absent -> new ArrayList<>())
                .add(target));
        return bySteps;
    }
}
