package dev.ktstr.it;

import java.nio.file.Path;

/** A store with what versions of the original have left in it: it is read, kept and swept as if it were ours. */
final class SharedCampaign implements Campaign {
    @Override
    public String name() {
        return "shared";
    }

    @Override
    public String title() {
        return "shared: entries, staging and templates of the original's versions";
    }

    @Override
    public void run(Arena arena, Trials trials) throws Exception {
        Path directory = arena.newDirectory();
        MarkedKernel kernel = MarkedKernel.make(directory);
        Peer peer = Peer.compile(directory, kernel);
        Promises promises = new Promises(trials);
        new GoldenEntries(directory.resolve("golden"), peer, directory, promises).run();
        new SharedStaging(directory.resolve("staging"), directory, peer, promises).run();
        new SharedTemplates(directory.resolve("templates"), promises).run();
    }
}
