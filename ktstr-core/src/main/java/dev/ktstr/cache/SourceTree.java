package dev.ktstr.cache;

import dev.ktstr.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A kernel source tree: what is locked while it is built, and which commit it stands at. Immutable, safe for use by several
 * threads.
 */
public final class SourceTree {
    private static final int FULL_HASH = 40;

    private final Path path;

    private SourceTree(Path path) {
        this.path = path;
    }

    /** What git says of a tree. */
    public sealed interface State {
        /** It is exactly this commit, but for files that git ignores. */
        record Clean(Commit commit) implements State {}

        /** It stands at this commit, with changes, or with new files. */
        record Dirty(Commit commit) implements State {}

        /** It is in no git repository. */
        record NotGit() implements State {}

        /**
         * It is part of somebody's repository, which says nothing of it alone.
         *
         * @param top of that
         */
        record Inside(String top) implements State {}

        /**
         * There is a repository, and git cannot tell.
         *
         * @param why in git's words
         */
        record Unreadable(String why) implements State {}
    }

    /**
     * A commit.
     *
     * @param hash all of it
     * @param shortHash its first seven digits; more where the repository has another one that begins like that
     */
    public record Commit(String hash, String shortHash) {}

    /**
     * The tree in a directory.
     *
     * @throws StoreException if there is no such directory
     */
    public static SourceTree of(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new StoreException(
                    ErrorCode.TREE_NOT_BUILT,
                    "looking for a kernel source tree: there is no such directory",
                    directory.toAbsolutePath(),
                    "give the directory that has Kbuild and Makefile in it");
        }
        return new SourceTree(directory.toRealPath());
    }

    /** The canonical path: absolute, without links. */
    public Path path() {
        return path;
    }

    /** The name of its lock, as the original has it. */
    String lockName() {
        return "source-" + Checksums.crc32(path.toString().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Asks git, which takes a moment. Files that it ignores are no change, as a build makes thousands; others that it does
     * not track are one, as a build may take them in.
     *
     * @throws InterruptedIOException if this thread is interrupted meanwhile
     */
    public State state() throws IOException {
        Answer prefix = git("rev-parse", "--show-prefix");
        if (!prefix.isGood()) {
            boolean isGit = Files.exists(path.resolve(".git"), LinkOption.NOFOLLOW_LINKS);
            return isGit ? new State.Unreadable(prefix.complaint()) : new State.NotGit();
        }
        if (!prefix.output().isEmpty()) {
            Answer top = git("rev-parse", "--show-toplevel");
            return top.isGood() ? new State.Inside(top.output()) : new State.Unreadable(top.complaint());
        }
        Answer hash = git("rev-parse", "--verify", "HEAD");
        Answer shortHash = git("rev-parse", "--short=7", "HEAD");
        Answer changes = git("status", "--porcelain", "--untracked-files=normal");
        for (Answer each : List.of(hash, shortHash, changes)) {
            if (!each.isGood()) {
                return new State.Unreadable(each.complaint());
            }
        }
        if (hash.output().length() < FULL_HASH) {
            return new State.Unreadable("git calls its commit \"" + hash.output() + "\"");
        }
        Commit commit = new Commit(hash.output(), shortHash.output());
        return changes.output().isEmpty() ? new State.Clean(commit) : new State.Dirty(commit);
    }

    /** The short hash of the commit; empty unless the tree is exactly that. */
    Optional<String> cleanCommit() throws IOException {
        return state() instanceof State.Clean clean ? Optional.of(clean.commit().shortHash()) : Optional.empty();
    }

    private record Answer(boolean isGood, String output, String complaint) {}

    private Answer git(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("git", "--no-optional-locks", "-C", path.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> variables = builder.environment();
        // Set for hooks, and then they name the repository of the hook.
        variables.keySet().removeIf(name -> name.startsWith("GIT_"));
        variables.put("LC_ALL", "C");
        Answer answer = run(builder.redirectError(ProcessBuilder.Redirect.DISCARD));
        if (answer.isGood() || !answer.complaint().isEmpty()) {
            return answer;
        }
        // What it complains about matters only now, and is asked for separately: a warning is not to get into an
        // answer.
        String complaint = run(builder.redirectErrorStream(true)).output();
        return new Answer(false, "", complaint.lines().findFirst().orElse("git failed without a word"));
    }

    private Answer run(ProcessBuilder builder) throws IOException {
        Process git;
        try {
            git = builder.start();
        } catch (IOException noGit) {
            return new Answer(false, "", "git cannot be run: " + noGit.getMessage());
        }
        git.getOutputStream().close();
        try (InputStream output = git.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
            return new Answer(git.waitFor() == 0, text, "");
        } catch (InterruptedException interrupted) {
            git.destroy();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while git looked at " + path);
        }
    }
}
