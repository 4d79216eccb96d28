package dev.ktstr.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** A process that writes to a store, and what it has said: see {@link LoadMain}. */
final class Load implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;

    private final Process process;
    private final Ledger ledger;
    private final BlockingQueue<String> idle = new ArrayBlockingQueue<>(16);
    private final StringBuilder other = new StringBuilder();

    private Load(Process process, Ledger ledger) {
        this.process = process;
        this.ledger = ledger;
    }

    /** @param variables what the process has in its environment besides */
    static Load start(Path root, MarkedKernel kernel, Path scratch, Map<String, String> variables, Ledger ledger)
            throws IOException, InterruptedException {
        Path tree = Files.createDirectories(LoadMain.modules(scratch).resolve("kernel"));
        Path module = tree.resolve("virtio_pci.ko");
        Peer.compile("gcc", "../../torture/c/module.c", module, "-c", "-DNAME=\"virtio_pci\"", "-DDEPENDS=\"\"");
        ProcessBuilder builder = new ProcessBuilder(LoadMain.command(root, kernel, scratch)).redirectErrorStream(true);
        builder.environment().putAll(variables);
        Load load = new Load(builder.start(), ledger);
        Thread listener = new Thread(load::listen, "load");
        listener.setDaemon(true);
        listener.start();
        return load;
    }

    void go(long seed) throws IOException {
        synchronized (other) {
            other.setLength(0);
        }
        write("go " + seed);
    }

    /** Lets it start, so that it works as soon as it is told to {@link #go}. */
    void warmUp() throws IOException, InterruptedException {
        go(0);
        ledger.awaitDone(Ledger.STORE, TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        stop();
    }

    /** Has come back when no call is under way any more. */
    void stop() throws IOException, InterruptedException {
        write("stop");
        waitUntilIdle();
    }

    /** As {@link #stop}, after calls on all keys have failed. */
    void join() throws IOException, InterruptedException {
        write("join");
        waitUntilIdle();
    }

    long pid() {
        return process.pid();
    }

    /** What it has said of failures. */
    String other() {
        synchronized (other) {
            return other.toString();
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    private void waitUntilIdle() throws IOException, InterruptedException {
        if (idle.poll(PATIENCE_SECONDS, TimeUnit.SECONDS) == null) {
            process.destroyForcibly();
            throw new IOException("the load did not come to an end: " + other());
        }
    }

    private void write(String command) throws IOException {
        process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
    }

    private void listen() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ", 3);
                if (line.equals("idle")) {
                    idle.add(line);
                } else if (words.length == 3 && words[0].equals("begin")) {
                    ledger.begun(words[1], words[2]);
                } else if (words.length == 3 && words[0].equals("end")) {
                    ledger.returned(words[1], words[2]);
                } else {
                    synchronized (other) {
                        other.append(line).append('\n');
                    }
                }
            }
        } catch (IOException ended) {
            synchronized (other) {
                other.append(ended);
            }
        }
    }
}
