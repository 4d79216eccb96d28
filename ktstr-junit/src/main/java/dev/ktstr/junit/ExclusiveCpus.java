package dev.ktstr.junit;

import dev.ktstr.ErrorCode;
import dev.ktstr.event.EventSink;
import dev.ktstr.host.HostResources;
import dev.ktstr.host.Reservation;
import dev.ktstr.host.ReservationSource;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * CPUs that the machines of one context have to themselves. They are reserved for all of them when the first starts, for whoever
 * holds some waits for nothing else: neither for a disk that is still to be made, nor for more CPUs. Safe for use by several
 * threads.
 */
final class ExclusiveCpus implements AutoCloseable {
    private final TestScope scope;
    private final Map<AnnotatedElement, Slot> slots = new LinkedHashMap<>();
    private @Nullable Reservation reservation;
    private boolean isClosed;

    /** Which of the reserved CPUs are a machine's. */
    private record Slot(int first, int count) {}

    ExclusiveCpus(TestScope scope) {
        this.scope = scope;
    }

    /** Notes that the machine of a field or parameter is going to need some. */
    synchronized void claim(AnnotatedElement where, int count) {
        if (!slots.containsKey(where)) {
            if (reservation != null) {
                throw Mistake.in(
                        KtstrVm.class,
                        where,
                        "CPUs have been reserved for this test's machines already, when the first was started",
                        "make it a field, or a parameter of the test method, or leave exclusiveCpus out");
            }
            slots.put(where, new Slot(count(), count));
        }
    }

    /** Where a machine that has claimed some has them from. */
    ReservationSource of(AnnotatedElement where) {
        return () -> part(where);
    }

    private synchronized Reservation part(AnnotatedElement where) throws IOException {
        Slot slot = slots.get(where);
        if (slot == null) {
            throw new IllegalStateException("not claimed: " + where);
        }
        if (isClosed) {
            throw new TestException(
                    ErrorCode.TEST_DECLARATION,
                    "starting the virtual machine of " + Mistake.place(where)
                            + ": its test is over, and nobody would give"
                            + " back the CPUs that are to be reserved for it",
                    null,
                    "start it while the test runs",
                    null);
        }
        Reservation reserved = reservation;
        if (reserved == null) {
            reserved = HostResources.open(scope.host().environment(), EventSink.logging())
                    .forTest(scope.test())
                    .reserveCpus(count());
            reservation = reserved;
        }
        return reserved.part(slot.first, slot.count);
    }

    private int count() {
        return slots.values().stream().mapToInt(Slot::count).sum();
    }

    @Override
    public synchronized void close() throws IOException {
        isClosed = true;
        Optional<Reservation> held = Optional.ofNullable(reservation);
        reservation = null;
        if (held.isPresent()) {
            held.get().close();
        }
    }
}
