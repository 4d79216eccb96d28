package dev.ktstr.junit;

import dev.ktstr.cache.KernelLease;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.TestDisk;
import dev.ktstr.lock.FlockMode;
import dev.ktstr.lock.LockGuard;
import dev.ktstr.os.Closer;
import dev.ktstr.vm.RunningVm;
import dev.ktstr.vm.VirtualMachine;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * What was made for one JUnit context, a class or the invocation of a test method, and is closed with it. Safe for use by
 * several threads: the tests of a class share the class's.
 */
@SuppressWarnings("deprecation") // AutoCloseable alone can be switched off, CloseableResource alone draws a warning
final class TestScope implements AutoCloseable, ExtensionContext.Store.CloseableResource {
    private final ExtensionContext context;
    private final Host host;
    private final Map<String, LockGuard> locks = new LinkedHashMap<>();
    private final Map<AnnotatedElement, TestDisk> disks = new LinkedHashMap<>();
    private final ExclusiveCpus cpus = new ExclusiveCpus(this);
    private final List<RunningVm> machines = new CopyOnWriteArrayList<>();
    /** Held while a kernel's lock is waited for, or a disk is made; the monitor never is. */
    private final Object leasing = new Object();

    private final Object making = new Object();
    private volatile @Nullable KernelLease lease;
    private volatile boolean hasFailed;

    private TestScope(ExtensionContext context, Host host) {
        this.context = context;
        this.host = host;
    }

    /** What a template is made from, apart from its variant. */
    private record Kind(Filesystem filesystem, long size, Optional<String> label, List<String> options) {
        static Kind of(DiskSpec spec) {
            return new Kind(spec.filesystem(), spec.size(), spec.label(), spec.options());
        }
    }

    /** That of a context, made at its first use. */
    static TestScope of(ExtensionContext context) throws IOException {
        Optional<TestScope> present = Stored.in(context, TestScope.class);
        if (present.isPresent()) {
            return present.get();
        }
        TestScope fresh = new TestScope(context, Host.of(context));
        return Stored.in(context, TestScope.class, () -> fresh);
    }

    Host host() {
        return host;
    }

    /** Whom it is for, in records and messages. */
    String test() {
        String type = context.getTestClass().map(Class::getName).orElseGet(context::getDisplayName);
        return type
                + context.getTestMethod().map(method -> "#" + method.getName()).orElse("");
    }

    /** This and those around it, the outermost first. */
    List<TestScope> inwards() {
        List<TestScope> scopes = new ArrayList<>();
        Stored.outwards(context)
                .flatMap(each -> Stored.in(each, TestScope.class).stream())
                .forEach(scope -> scopes.add(0, scope));
        return scopes;
    }

    /** How this context, or one around it, holds a named lock. */
    Optional<FlockMode> holds(String lock) {
        return inwards().stream()
                .flatMap(scope -> scope.lock(lock).stream())
                .map(LockGuard::mode)
                .findFirst();
    }

    private synchronized Optional<LockGuard> lock(String name) {
        return Optional.ofNullable(locks.get(name));
    }

    synchronized void hold(String name, LockGuard guard) {
        locks.put(name, guard);
    }

    KernelLease lease(KernelChoice choice) throws IOException {
        synchronized (leasing) {
            KernelLease held = lease;
            if (held == null) {
                held = choice.take(host, test());
                lease = held;
            }
            return held;
        }
    }

    /** That of this context or the nearest around it, if one has been needed. */
    Optional<KernelLease> heldKernel() {
        return inwards().stream().flatMap(scope -> scope.ownLease().stream()).reduce((outer, inner) -> inner);
    }

    private Optional<KernelLease> ownLease() {
        return Optional.ofNullable(lease);
    }

    /** The disk of a field or parameter. */
    TestDisk disk(AnnotatedElement member, DiskSpec spec) throws IOException {
        synchronized (making) {
            TestDisk present = ownDisk(member);
            if (present == null) {
                // One guest will not mount two file systems with one UUID, and it may get all disks of this test.
                long alike = allDisks().stream()
                        .filter(disk -> Kind.of(disk.spec()).equals(Kind.of(spec)))
                        .count();
                present = host.disks().forTest(test()).newDisk(spec.withVariant((int) alike + 1));
                own(member, present);
            }
            return present;
        }
    }

    private synchronized @Nullable TestDisk ownDisk(AnnotatedElement member) {
        return disks.get(member);
    }

    private synchronized void own(AnnotatedElement member, TestDisk disk) {
        disks.put(member, disk);
    }

    /** Those of the contexts around this, then its own, in the order in which they were made. */
    List<TestDisk> allDisks() {
        return inwards().stream().flatMap(scope -> scope.ownDisks().stream()).toList();
    }

    List<RunningVm> ownMachines() {
        return machines;
    }

    synchronized List<TestDisk> ownDisks() {
        return List.copyOf(disks.values());
    }

    /** A machine with the kernel that applies here; what it starts is closed with this. */
    VirtualMachine.Builder machine(KernelLease kernel) {
        return VirtualMachine.builder(host.environment()).kernel(kernel.entry()).onStart(machines::add);
    }

    ExclusiveCpus exclusiveCpus() {
        return cpus;
    }

    /** All that were started here and in the contexts around it. */
    List<RunningVm> allMachines() {
        return inwards().stream().flatMap(scope -> scope.machines.stream()).toList();
    }

    /** Notes a failure that this context itself will not have, such as that of a dynamic test. */
    void noteFailure() {
        inwards().forEach(scope -> scope.hasFailed = true);
    }

    @Override
    public void close() throws IOException {
        Optional<Throwable> failure =
                context.getExecutionException().filter(thrown -> !(thrown instanceof TestAbortedException));
        if (failure.isPresent()) {
            noteFailure();
        }
        try (Closer closer = new Closer()) { // which begins with what was added last
            locks.values().forEach(guard -> closer.add(guard::close));
            ownLease().ifPresent(held -> closer.add(held::close));
            ownDisks().forEach(disk -> closer.add(disk::close));
            closer.add(() -> keepEvidence(failure));
            closer.add(cpus::close);
            machines.forEach(machine -> closer.add(machine::close)); // before their disks are kept
        }
    }

    private void keepEvidence(Optional<Throwable> failure) throws IOException {
        Evidence evidence = new Evidence(this, context);
        try {
            evidence.keep(machines, ownDisks(), hasFailed);
        } finally {
            failure.ifPresent(evidence::attachTo);
        }
        if (failure.isEmpty()) {
            evidence.tell(); // nobody else will
        }
    }
}
