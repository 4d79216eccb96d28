package dev.ktstr.it;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Lets each system call that touches the store fail, once, with each of the errors that files have in real life. */
final class FailCampaign implements Campaign {
    private static final List<String> ERRORS = List.of("EIO", "ENOSPC", "EINTR", "EMFILE", "EACCES", "EROFS");

    private static final int TRIES = 3;

    /** A process that has leaked what it was made to leak is replaced by another one in time. */
    private static final int TRIALS_OF_A_VICTIM = 300;

    @Override
    public String name() {
        return "fail";
    }

    @Override
    public String title() {
        return "failed anywhere: each system call that touches the store with each of " + ERRORS;
    }

    @Override
    public void run(Arena arena, Trials trials) throws Exception {
        Crew.run(arena, (ground, share, random) -> {
            try (Member member = new Member(ground, random, trials)) {
                member.run(arena.extent(), share);
            }
        });
    }

    private static final class Member implements AutoCloseable {
        private final Ground ground;
        private final Random random;
        private final Trials trials;
        private Victim victim;
        private int victims;
        private int done;

        Member(Ground ground, Random random, Trials trials) throws IOException, InterruptedException {
            this.ground = ground;
            this.random = random;
            this.trials = trials;
            this.victim = start();
        }

        /** One that has done everything here, too: what is said, or looked for, only once is over then. */
        private Victim start() throws IOException, InterruptedException {
            Victim started = Victim.start(ground, victims++, Operation.values());
            started.awaitReady();
            for (Operation operation : Operation.values()) {
                ground.prepare(operation);
                started.prepare(operation);
                started.go();
                started.awaitEnd();
                started.outcome();
            }
            return started;
        }

        void run(Extent extent, int share) throws IOException, InterruptedException {
            Map<Operation, Baseline> baselines = new EnumMap<>(Operation.class);
            for (Operation operation : Operation.values()) {
                baselines.put(operation, Baseline.of(operation, ground, victim));
            }
            for (Baseline baseline : baselines.values()) {
                for (List<InjectionPoint> targets : baseline.bySteps().values()) {
                    if (extent == Extent.LONG) {
                        for (InjectionPoint target : targets) {
                            for (String error : ERRORS) {
                                boolean isFired = false;
                                for (int tries = 0; !isFired && tries < TRIES; tries++) {
                                    isFired = isFired(baseline, target, error);
                                }
                            }
                        }
                    } else {
                        few(baseline, targets, share);
                    }
                }
            }
        }

        /** As many as there are errors, half of them by each. */
        private void few(Baseline baseline, List<InjectionPoint> targets, int share)
                throws IOException, InterruptedException {
            List<InjectionPoint> shuffled = new ArrayList<>(targets);
            Collections.shuffle(shuffled, random);
            for (int i = share; i < ERRORS.size(); i += Crew.SIZE) {
                boolean isFired = false;
                for (int tries = 0; !isFired && tries < TRIES; tries++) {
                    isFired = isFired(baseline, shuffled.get((i + tries) % shuffled.size()), ERRORS.get(i));
                }
            }
        }

        private boolean isFired(Baseline baseline, InjectionPoint target, String error)
                throws IOException, InterruptedException {
            if (done++ % TRIALS_OF_A_VICTIM == TRIALS_OF_A_VICTIM - 1 || !victim.isAlive()) {
                victim.close();
                victim = start();
            }
            Operation operation = target.operation();
            ground.prepare(operation);
            victim.prepare(operation);
            List<Call> calls;
            try (Strace strace = Strace.attach(
                    ground.directory().resolve("trace"), victim, target.isAside(), target.options("error=" + error))) {
                victim.go();
                if (!victim.awaitEnd()) {
                    victim.close();
                    trials.violation(target.kind(), error + " at " + target + ": it never ends");
                    return true;
                }
                calls = strace.calls();
            }
            Outcome outcome = victim.outcome();
            if (calls.stream()
                    .anyMatch(call -> call.isInjected() && call.about().contains("/dev/urandom"))) {
                // Now and then the JDK reads random numbers in between; a machine without is no matter of the store.
                trials.unfired(target.kind());
                victim.close();
                return false;
            }
            boolean isHit = calls.stream().anyMatch(call -> call.isInjected() && target.isHit(call, victim.thread()));
            List<String> broken = new ArrayList<>(ground.broken(operation, outcome, Baseline.isSwappedBefore(calls)));
            broken.addAll(lies(calls, outcome));
            if (outcome.isLike(baseline.outcome())) {
                List<String> missing = new ArrayList<>(baseline.lasting());
                Baseline.lasting(calls, victim.thread()).forEach(missing::remove);
                if (!missing.isEmpty() && !isExcused(target, error)) {
                    broken.add("all is well, it says, and was not done: " + missing);
                }
            }
            trials.point(error + " at " + target, isHit);
            if (isHit) {
                trials.fired(target.kind());
            } else {
                trials.unfired(target.kind());
            }
            broken.forEach(each ->
                    trials.violation(target.kind(), error + " at " + target + ": " + each + "; it said " + outcome));
            if (!broken.isEmpty()) {
                victim.close(); // with what it holds
            }
            return isHit;
        }

        /**
         * Who may not open a lock file cannot write there, and is told what is there. Who may not read the directory above the
         * root cannot force it to disk, and may not have had to: somebody else may have made the root long ago.
         */
        private static boolean isExcused(InjectionPoint target, String error) {
            boolean isOfLock = target.operation() == Operation.RECHECK && target.step() == Step.LOCK;
            boolean isAbove = target.call().about().endsWith("/store\"");
            return error.equals("EACCES") && target.call().name().equals("openat") && (isOfLock || isAbove);
        }

        private static List<String> lies(List<Call> calls, Outcome outcome) {
            List<String> lies = new ArrayList<>();
            if (outcome.end() == Outcome.End.BUG) {
                lies.add("an exception that is none of ours");
            }
            if (outcome.end() == Outcome.End.REFUSED && !outcome.text().contains(" |   fix   ")) {
                lies.add("an exception that does not say what to do");
            }
            long leaked = outcome.told().stream()
                    .filter(line -> line.startsWith("leaked "))
                    .distinct()
                    .count();
            // A close that strace lets fail is not done at all; a real one lets go of the descriptor in any case.
            long leakedByStrace = calls.stream()
                    .filter(call -> call.isInjected() && call.name().equals("close"))
                    .count();
            if (leaked > leakedByStrace) {
                lies.add("descriptors are leaked");
            }
            String said = (outcome.text() + outcome.told()).replace("as somebody who may", ""); // that is advice
            if (said.contains("somebody")) {
                lies.add("nobody else was there");
            }
            return lies;
        }

        @Override
        public void close() throws IOException, InterruptedException {
            victim.close();
        }
    }
}
