package dev.ktstr.it;

import java.time.Duration;
import java.util.List;

/** A virtual machine from its start to its end. */
final class VmComparison implements Comparison {
    @Override
    public String name() {
        return "vm";
    }

    @Override
    public String title() {
        return "Run a command in a virtual machine";
    }

    @Override
    public String method() {
        return """
                `VirtualMachine.run` of `true`, against QEMU alone. Both boot the same kernel with the same initial file system and the
                same words on the command line, under TCG; the guest runs `true`, syncs, unmounts and powers off. Both are timed from
                before the first process is started until the last has ended. Ours also takes the kernel's lock, looks into the cache
                for the initial file system that it would put together, and collects what the guest says; in the guest, our program
                waits for two lines from the host, which QEMU alone has on its standard input from the start. Both have run once:
                the page cache is warm. Nearly all of the time is the guest's own boot, so the target is 15 percent more at most.""";
    }

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        VmOverhead overhead = VmOverhead.prepare(laboratory.newDirectory());
        overhead.ours();
        overhead.alone();
        List<Pair> pairs = laboratory.pairs(
                laboratory.effort().isWhole() ? laboratory.effort().rounds() : 1,
                () -> seconds(overhead.ours()),
                () -> seconds(overhead.alone()));
        results.figure(() -> new Figure(
                "vm-run", "`VirtualMachine.run` of `true`", "QEMU alone", Unit.SECONDS, Target.ratio(1.15), pairs));
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }
}
