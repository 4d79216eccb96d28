package dev.ktstr.it;

import java.nio.file.Path;

/**
 * Takes away what a store stands on: space, inodes, the right to write, the disk; the time of day; short and plain names. Each
 * call has to succeed or to say clearly why not, nothing stored may be lost, and when the trouble is over the store has to work
 * as if there had been none.
 */
final class SurroundingsCampaign implements Campaign {
    @Override
    public String name() {
        return "surroundings";
    }

    @Override
    public String title() {
        return "Full, read-only and vanished disks, odd clocks, paths and names";
    }

    @Override
    public void run(Arena arena, Trials trials) throws Exception {
        Path directory = arena.newDirectory();
        MarkedKernel kernel = MarkedKernel.make(directory);
        FullDisk.run(arena, kernel, trials);
        LostDisk.run(arena, kernel, CutDisk.compile(directory), trials);
        OddClock.run(arena, kernel, trials);
        OddPaths.run(arena, kernel, trials);
        OddNames.run(arena, kernel, trials);
    }
}
