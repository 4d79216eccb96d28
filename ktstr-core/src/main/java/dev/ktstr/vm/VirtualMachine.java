package dev.ktstr.vm;

import dev.ktstr.ByteSizes;
import dev.ktstr.Environment;
import dev.ktstr.cache.KernelEntry;
import dev.ktstr.disk.DiskThrottle;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.event.EventSink;
import dev.ktstr.host.HostResources;
import dev.ktstr.host.ReservationSource;
import dev.ktstr.os.Machine;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine: a kernel, disks, files, and what is to be run in it. Each {@link #run} and each {@link #start} boots it
 * anew; its disks keep what earlier runs wrote. Immutable, safe for use by several threads (but QEMU refuses a disk that
 * another running machine has).
 */
public final class VirtualMachine {
    private final Builder values;

    private VirtualMachine(Builder values) {
        this.values = new Builder(values);
    }

    /** In this process's environment. */
    public static Builder builder() {
        return builder(Environment.system());
    }

    public static Builder builder(Environment environment) {
        return new Builder(environment);
    }

    /**
     * The programs that have to be on this machine for one to start: QEMU, busybox, setpriv.
     *
     * @throws VmException if kernels of this machine's architecture are not booted
     */
    public static List<RequiredProgram> requiredPrograms() throws VmException {
        return List.of(GuestArch.of(Machine.arch()).program(), RequiredProgram.BUSYBOX, RequiredProgram.SETPRIV);
    }

    /** The same machine, running this command; see {@link Builder#command}. */
    public VirtualMachine command(String... words) throws VmException {
        return new Builder(values).command(words).build();
    }

    /** The same machine, running this script; see {@link Builder#script}. */
    public VirtualMachine script(String text) throws VmException {
        return new Builder(values).script(text).build();
    }

    /**
     * Boots, runs the command, syncs and unmounts, powers off.
     *
     * @return how the command ended; also if the kernel panicked or the time was up
     * @throws VmException if the machine cannot be started, or the guest never came to run the command; not for a
     *     timeout
     * @throws dev.ktstr.cache.EntryException if the kernel is no longer stored
     * @throws java.io.InterruptedIOException if this thread is interrupted; the machine is gone then
     */
    public VmResult run() throws IOException {
        try (RunningVm vm = start()) {
            return vm.await();
        }
    }

    /**
     * Boots, and comes back as soon as QEMU runs.
     *
     * @throws VmException if the machine cannot be started
     * @throws dev.ktstr.cache.EntryException if the kernel is no longer stored
     * @throws dev.ktstr.KtstrException if it was to have CPUs for itself, and they could not be reserved
     */
    public RunningVm start() throws IOException {
        try {
            return new Launcher(values).start();
        } catch (ClosedByInterruptException interrupted) {
            InterruptedIOException failure =
                    new InterruptedIOException("interrupted while a virtual machine was prepared");
            failure.initCause(interrupted);
            throw failure;
        }
    }

    /** A disk as QEMU sees it. */
    record GuestDisk(Path image, DiskThrottle throttle) {}

    /** Collects a machine. Not for several threads. */
    public static final class Builder {
        private static final long MEBIBYTE = 1L << 20;
        private static final int MOST_CPUS = 255;

        /** A kernel takes 2,048 on x86 and arm64 (COMMAND_LINE_SIZE), ours among them. */
        private static final int LONGEST_ARGUMENTS = 1900;

        /** As many as have names of one letter, and slots on the bus. */
        private static final int MOST_DISKS = 24;

        private final Environment environment;
        private EventSink events = EventSink.logging();
        private Consumer<RunningVm> onStart = vm -> {};
        private boolean exclusiveCpus;
        private @Nullable ReservationSource reservation;
        private @Nullable KernelEntry kernel;
        private long memory = 512 * MEBIBYTE;
        private int cpus = 2;
        private Duration timeout = Duration.ofMinutes(2);
        private Accelerator accelerator = Accelerator.AUTO;
        private GuestProgram program = GuestProgram.NOTHING;
        private final List<GuestDisk> disks;
        private final List<String> kernelArgs;
        private final Map<String, Path> files;
        private final Map<String, String> variables;

        private Builder(Environment environment) {
            this.environment = environment;
            this.disks = new ArrayList<>();
            this.kernelArgs = new ArrayList<>();
            this.files = new LinkedHashMap<>();
            this.variables = new LinkedHashMap<>();
        }

        private Builder(Builder other) {
            this.environment = other.environment;
            this.events = other.events;
            this.onStart = other.onStart;
            this.exclusiveCpus = other.exclusiveCpus;
            this.reservation = other.reservation;
            this.kernel = other.kernel;
            this.memory = other.memory;
            this.cpus = other.cpus;
            this.timeout = other.timeout;
            this.accelerator = other.accelerator;
            this.program = other.program;
            this.disks = new ArrayList<>(other.disks);
            this.kernelArgs = new ArrayList<>(other.kernelArgs);
            this.files = new LinkedHashMap<>(other.files);
            this.variables = new LinkedHashMap<>(other.variables);
        }

        /** What to boot. The machine holds it under a lock of its own while it runs. */
        public Builder kernel(KernelEntry entry) {
            this.kernel = entry;
            return this;
        }

        /** In bytes; 512 MiB unless told otherwise. */
        public Builder memory(long bytes) {
            this.memory = bytes;
            return this;
        }

        /**
         * As people write it: {@code 512M}, {@code 1GiB}.
         *
         * @throws VmException if it is no size
         */
        public Builder memory(String text) throws VmException {
            try {
                return memory(ByteSizes.parse(text));
            } catch (IllegalArgumentException invalid) {
                throw VmException.spec("memory", String.valueOf(invalid.getMessage()), "write it like 512M or 1GiB");
            }
        }

        /** How many virtual processors; 2 unless told otherwise. */
        public Builder cpus(int count) {
            this.cpus = count;
            return this;
        }

        /**
         * Has a CPU of this machine reserved for each virtual processor while it runs, as
         * {@link HostResources#reserveCpus(int)} does it, and QEMU confined to these. Whoever has some does not wait for more: for
         * several machines at the same time give each a {@link #reservation} that reserves for all of them when the first starts.
         */
        public Builder exclusiveCpus() {
            this.exclusiveCpus = true;
            return this;
        }

        /** Confines QEMU to CPUs that are reserved at each start, after everything else; closed when the machine has ended. */
        public Builder reservation(ReservationSource source) {
            this.reservation = source;
            return this;
        }

        /** One disk more: the first is {@code /dev/vda}, the second {@code /dev/vdb}. It must stay open while the machine runs. */
        public Builder disk(TestDisk disk) {
            return disk(disk.path(), disk.spec().throttle());
        }

        Builder disk(Path image, DiskThrottle throttle) {
            this.disks.add(new GuestDisk(image, throttle));
            return this;
        }

        /** More of the kernel's command line, after our own; see Documentation/admin-guide/kernel-parameters.rst. */
        public Builder kernelArgs(String... arguments) {
            this.kernelArgs.addAll(List.of(arguments));
            return this;
        }

        /**
         * Puts a file of this machine into the guest's initial file system, with its permission bits. A program brings the
         * shared libraries along that it is linked with; what it loads later ({@code dlopen}) it does not.
         *
         * <p>In a script busybox's own commands come before programs of the same name: call such a program by its path.
         *
         * @param guest an absolute path
         */
        public Builder file(Path host, String guest) {
            this.files.put(guest, host);
            return this;
        }

        /** A variable of the command's environment, which has little else: {@code PATH}, {@code HOME} and {@code TERM}. */
        public Builder env(String name, String value) {
            this.variables.put(name, value);
            return this;
        }

        /** Runs a program, found on the guest's {@code PATH}, with these arguments; no shell looks at them. */
        public Builder command(String... words) {
            this.program = GuestProgram.command(List.of(words));
            return this;
        }

        /** Runs a script by the guest's {@code /bin/sh}, which is busybox's. {@code /mnt} is there to mount something. */
        public Builder script(String text) {
            this.program = GuestProgram.script(text);
            return this;
        }

        /** From the start of QEMU until the command has ended; 2 minutes unless told otherwise. */
        public Builder timeout(Duration limit) {
            this.timeout = limit;
            return this;
        }

        /** {@link Accelerator#AUTO} unless told otherwise; then {@code KTSTR_ACCEL} decides, if it is set. */
        public Builder accelerator(Accelerator choice) {
            this.accelerator = choice;
            return this;
        }

        /** Where warnings go: by default to the {@link System.Logger} named {@code dev.ktstr}. */
        public Builder events(EventSink sink) {
            this.events = sink;
            return this;
        }

        /** Called with every machine that is started from here, before {@link #start} comes back, after those given before. */
        public Builder onStart(Consumer<RunningVm> listener) {
            this.onStart = onStart.andThen(listener);
            return this;
        }

        /**
         * The machine. Nothing outside is looked at yet.
         *
         * @throws VmException if there is no such machine
         */
        public VirtualMachine build() throws VmException {
            if (kernel == null) {
                throw VmException.spec("kernel", "there is none", "give it one: kernel(entry)");
            }
            check();
            return new VirtualMachine(this);
        }

        /**
         * What {@link #build} checks, but for the kernel, which may not be known yet.
         *
         * @throws VmException if there is no such machine, whatever its kernel is
         */
        public void check() throws VmException {
            if (memory <= 0 || memory % MEBIBYTE != 0) {
                throw VmException.spec(
                        "memory", memory + " bytes are no whole number of MiB", "take a multiple of it, such as 512M");
            }
            if (cpus < 1 || cpus > MOST_CPUS) {
                throw VmException.spec("number of processors", cpus + " is not from 1 to " + MOST_CPUS, "take 1 or 2");
            }
            if (timeout.isNegative() || timeout.isZero()) {
                throw VmException.spec("timeout", timeout + " is not positive", "take one that is, such as 2 minutes");
            }
            if (disks.size() > MOST_DISKS) {
                throw VmException.spec("disks", "there are " + disks.size(), "take at most " + MOST_DISKS);
            }
            if (disks.stream().map(GuestDisk::image).distinct().count() < disks.size()) {
                throw VmException.spec("disks", "one is there twice", "give each once");
            }
            if (String.join(" ", kernelArgs).length() > LONGEST_ARGUMENTS) {
                throw VmException.spec(
                        "kernel arguments",
                        "they have more than " + LONGEST_ARGUMENTS + " characters, and the kernel would cut them off",
                        "leave some out");
            }
            for (String argument : kernelArgs) {
                if (argument.chars().anyMatch(Character::isISOControl)) {
                    throw VmException.spec("kernel arguments", "one has control characters in it", "leave them out");
                }
            }
            for (String name : variables.keySet()) {
                if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
                    throw VmException.spec(
                            "environment",
                            "\"" + name + "\" is no name of a variable",
                            "take letters, digits and underscores, not beginning with a digit");
                }
            }
            if (variables.values().stream().anyMatch(value -> value.indexOf('\0') >= 0)) {
                throw VmException.spec("environment", "a value has a NUL in it", "leave it out");
            }
            GuestFiles.check(files.keySet());
            program.check();
        }

        /** {@link #build}, then {@link VirtualMachine#run}. */
        public VmResult run() throws IOException {
            return build().run();
        }

        /** {@link #build}, then {@link VirtualMachine#start}. */
        public RunningVm start() throws IOException {
            return build().start();
        }

        Environment environment() {
            return environment;
        }

        EventSink events() {
            return events;
        }

        Consumer<RunningVm> onStart() {
            return onStart;
        }

        Optional<ReservationSource> reservation() {
            return Optional.ofNullable(reservation)
                    .or(() -> exclusiveCpus
                            ? Optional.of(() ->
                                    HostResources.open(environment, events).reserveCpus(cpus))
                            : Optional.empty());
        }

        KernelEntry kernel() {
            if (kernel == null) {
                throw new IllegalStateException("build() has seen to that");
            }
            return kernel;
        }

        long memory() {
            return memory;
        }

        int cpus() {
            return cpus;
        }

        Duration timeout() {
            return timeout;
        }

        Accelerator accelerator() {
            return accelerator;
        }

        GuestProgram program() {
            return program;
        }

        List<GuestDisk> disks() {
            return disks;
        }

        List<String> kernelArgs() {
            return kernelArgs;
        }

        Map<String, Path> files() {
            return files;
        }

        Map<String, String> variables() {
            return variables;
        }
    }
}
