package dev.ktstr.maven.doctor;

import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;

/** Collects what is found, whatever becomes of a check. Not for several threads. */
final class Findings {
    private final List<Finding> all = new ArrayList<>();

    /** Finds one thing out. */
    interface Check {
        Finding examine() throws Exception;
    }

    void add(Finding finding) {
        all.add(finding);
    }

    /** Finds several things out, each by {@link #check}. */
    interface Group {
        void examine(Findings findings) throws Exception;
    }

    /** Adds what a check finds; that it failed, if it throws. After an interrupt no check is begun. */
    void check(String name, Check check) {
        if (Thread.currentThread().isInterrupted()) {
            add(Finding.fail(name, "not tried: interrupted", Finding.AGAIN));
        } else {
            group(name, findings -> findings.add(check.examine()));
        }
    }

    /**
     * Examines a group.
     *
     * @param name of the finding, should something keep it from coming to its checks
     */
    void group(String name, Group group) {
        try {
            group.examine(this);
        } catch (VirtualMachineError dying) {
            throw dying;
        } catch (InterruptedException | InterruptedIOException interrupted) {
            Thread.currentThread().interrupt();
            add(Finding.fail(name, "interrupted", Finding.AGAIN));
        } catch (Exception | Error failure) { // whatever it is, the other checks are worth their lines
            add(Finding.failed(name, failure));
        }
    }

    List<Finding> all() {
        return List.copyOf(all);
    }
}
