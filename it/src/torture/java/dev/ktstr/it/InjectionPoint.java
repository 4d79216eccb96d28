package dev.ktstr.it;

import java.util.ArrayList;
import java.util.List;

/**
 * A call at which something can go wrong.
 *
 * @param isAside whether another thread does it than the one that was told to do the operation
 */
record InjectionPoint(Operation operation, Step step, Call call, boolean isAside) {
    /** Whether that is what strace tampered with, or what it killed the process at. */
    boolean isHit(Call other, String thread) {
        return call.isLike(other) && isAside != other.thread().equals(thread);
    }

    /** For strace: to trace as little as tells whether it was hit, and what was moved and made to last. */
    String[] options(String what) {
        return options(
                operation, call.name() + ",fsync,rename,renameat2", call.name() + ":" + what + ":when=" + call.nth());
    }

    /** @param inject empty for nothing more than what the operation needs */
    static String[] options(Operation operation, String trace, String inject) {
        List<String> options = new ArrayList<>(List.of("-e", "trace=" + trace));
        for (String each : List.of(operation.surroundings(), inject)) {
            if (!each.isEmpty()) {
                options.addAll(List.of("-e", "inject=" + each));
            }
        }
        return options.toArray(String[]::new);
    }

    String kind() {
        return operation + " " + step;
    }

    @Override
    public String toString() {
        return operation + (isAside ? ", second thread, " : ", ") + call;
    }
}
