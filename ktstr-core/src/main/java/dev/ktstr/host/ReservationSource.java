package dev.ktstr.host;

import java.io.IOException;

/** Reserves CPUs at the moment when they are needed, which is after everything else has been locked. */
@FunctionalInterface
public interface ReservationSource {
    /** Reserves some; whoever calls this closes the reservation when it needs them no longer. */
    Reservation reserve() throws IOException;
}
