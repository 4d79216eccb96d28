package dev.ktstr.junit;

/** What is known of a test that failed, as a suppressed exception: reports that leave everything else out show those. */
final class FailureEvidence extends Exception {
    private static final long serialVersionUID = 1L;

    FailureEvidence(String words) {
        super(words, null, false, false); // where it was made says nothing
    }
}
