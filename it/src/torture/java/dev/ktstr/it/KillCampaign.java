package dev.ktstr.it;

import java.io.IOException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Kills a process, at each system call that touches the store (before it is done), and at random. The calls are read from a
 * trace of the same operation.
 */
final class KillCampaign implements Campaign {
    private static final String AT_RANDOM = "at random: ";

    /** That many times what is wanted is tried at most. */
    private static final int TRIES = 10;

    /** Of each step, by both. */
    private static final int KILLS_OF_A_STEP = 50;

    @Override
    public String name() {
        return "kill";
    }

    @Override
    public String title() {
        return "killed anywhere: before each system call that touches the store, and at random";
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
        private final Map<Operation, Victim> ready = new EnumMap<>(Operation.class);
        private int victims;

        Member(Ground ground, Random random, Trials trials) {
            this.ground = ground;
            this.random = random;
            this.trials = trials;
        }

        void run(Extent extent, int share) throws IOException, InterruptedException {
            for (Operation operation : Operation.values()) {
                Baseline baseline;
                ground.prepare(operation);
                ground.act(operation, told -> {}); // what is made only once, as lock files are, is there then
                try (Victim victim = take(operation)) {
                    baseline = Baseline.of(operation, ground, victim);
                }
                for (List<InjectionPoint> targets : baseline.bySteps().values()) {
                    if (extent == Extent.LONG
                            || Math.floorMod(targets.get(0).kind().hashCode(), Crew.SIZE) == share) {
                        Collections.shuffle(targets, random);
                        at(targets, extent);
                    }
                }
                if (!operation.isInPlace()) {
                    atRandom(baseline, extent.of(1, 50));
                }
                close();
            }
        }

        /** In the long form at each of them, then at each again until there were enough. */
        private void at(List<InjectionPoint> targets, Extent extent) throws IOException, InterruptedException {
            int fired = 0;
            if (extent == Extent.LONG) {
                for (InjectionPoint target : targets) {
                    boolean isFired = false;
                    for (int i = 0; !isFired && i < TRIES; i++) {
                        isFired = isFired(target);
                    }
                    fired += isFired ? 1 : 0;
                }
            }
            int wanted = extent.of(1, KILLS_OF_A_STEP / Crew.SIZE);
            for (int i = 0; fired < wanted && i < wanted * TRIES; i++) {
                fired += isFired(targets.get(i % targets.size())) ? 1 : 0;
            }
        }

        private boolean isFired(InjectionPoint target) throws IOException, InterruptedException {
            ground.prepare(target.operation());
            boolean isHit;
            try (Victim victim = take(target.operation())) {
                victim.prepare(target.operation());
                try (Strace strace = Strace.attach(
                        ground.directory().resolve("trace"), victim, target.isAside(), target.options("signal=KILL"))) {
                    victim.go();
                    isHit = victim.awaitEnd() && victim.isKilled();
                    List<Call> calls = strace.calls();
                    isHit &= calls.stream()
                            .anyMatch(call -> call.result().startsWith("?") && target.isHit(call, victim.thread()));
                }
            }
            trials.point(target.toString(), isHit);
            account(target.kind(), target.toString(), target.operation(), isHit);
            return isHit;
        }

        private void atRandom(Baseline baseline, int wanted) throws IOException, InterruptedException {
            Operation operation = baseline.operation();
            int fired = 0;
            for (int i = 0; fired < wanted && i < wanted * TRIES; i++) {
                ground.prepare(operation);
                boolean isHit;
                // Longer than it takes who has done it before: this victim has not, and its end is to be hit, too.
                long nanos = random.nextLong(baseline.time().toNanos() * 3 / 2);
                try (Victim victim = take(operation)) {
                    victim.prepare(operation);
                    victim.go();
                    victim.awaitBegin();
                    TimeUnit.NANOSECONDS.sleep(nanos);
                    victim.kill();
                    isHit = victim.isKilled() && !victim.hasDone();
                }
                account(AT_RANDOM + operation, operation + " after " + nanos + " ns", operation, isHit);
                fired += isHit ? 1 : 0;
            }
        }

        private void account(String kind, String what, Operation operation, boolean isHit)
                throws IOException, InterruptedException {
            List<String> broken = ground.broken(operation, Outcome.killed(), false);
            if (isHit) {
                trials.fired(kind);
            } else {
                trials.unfired(kind);
            }
            broken.forEach(each -> trials.violation(kind, "killed in " + what + ": " + each));
        }

        /** One that is ready, while the next one starts. */
        private Victim take(Operation operation) throws IOException, InterruptedException {
            Victim started = ready.remove(operation);
            Victim victim = started == null ? start(operation) : started;
            ready.put(operation, start(operation));
            victim.awaitReady();
            return victim;
        }

        private Victim start(Operation operation) throws IOException {
            return Victim.start(ground, victims++, operation);
        }

        @Override
        public void close() throws IOException, InterruptedException {
            for (Victim victim : List.copyOf(ready.values())) {
                victim.close();
            }
            ready.clear();
        }
    }
}
