package dev.ktstr.it;

/** How often a campaign tries. */
enum Extent {
    /** In the tests of every build: each kind of trial, but few of each. */
    BOUNDED,

    /** As often as it takes to believe it: hours. */
    LONG;

    int of(int bounded, int many) {
        return this == BOUNDED ? bounded : many;
    }
}
