package dev.ktstr;

import java.util.Locale;

/**
 * Stable names of everything that can go wrong. A code never changes its meaning, and {@code docs/errors.md} has an
 * anchor for each.
 */
public enum ErrorCode {
    ENV_CACHE_ROOT("KT-ENV-01", Kind.MISTAKE),
    ENV_ENCODING("KT-ENV-02", Kind.MISTAKE),
    ENV_SETTING("KT-ENV-03", Kind.MISTAKE),
    OS_CALL("KT-OS-01", Kind.MACHINE),
    OS_PLATFORM("KT-OS-02", Kind.MACHINE),
    OS_NATIVE("KT-OS-03", Kind.MACHINE),
    LOCK_TIMEOUT("KT-LOCK-01", Kind.MISTAKE),
    LOCK_REMOTE("KT-LOCK-02", Kind.MISTAKE),
    LOCK_ABSENT("KT-LOCK-03", Kind.MISTAKE),
    LOCK_INTERRUPTED("KT-LOCK-04", Kind.MACHINE),
    LOCK_SELF("KT-LOCK-05", Kind.MISTAKE),
    LOCK_FOREIGN("KT-LOCK-06", Kind.MISTAKE),
    KEY_INVALID("KT-KEY-01", Kind.MISTAKE),
    SELECTOR("KT-KEY-02", Kind.MISTAKE),
    INPUT_UNUSABLE("KT-STORE-01", Kind.MISTAKE),
    IMAGE_UNKNOWN("KT-STORE-02", Kind.MISTAKE),
    INPUT_DISAGREES("KT-STORE-03", Kind.MISTAKE),
    TARGET_TAKEN("KT-STORE-04", Kind.MISTAKE),
    TREE_NOT_BUILT("KT-STORE-05", Kind.MISTAKE),
    SOURCE_CHANGED("KT-STORE-06", Kind.MISTAKE),
    BUILD_TREE("KT-BUILD-01", Kind.MISTAKE),
    BUILD_FAILED("KT-BUILD-02", Kind.MISTAKE),
    KCONFIG_DROPPED("KT-BUILD-03", Kind.MISTAKE),
    PACKAGE_UNUSABLE("KT-PKG-01", Kind.MISTAKE),
    PACKAGE_HOSTILE("KT-PKG-02", Kind.MISTAKE),
    PACKAGE_MISMATCH("KT-PKG-03", Kind.MISTAKE),
    ELF_UNSUPPORTED("KT-ELF-01", Kind.MISTAKE),
    ENTRY_MISSING("KT-ENTRY-01", Kind.MISTAKE),
    ENTRY_DAMAGED("KT-ENTRY-02", Kind.MISTAKE),
    ENTRY_STUCK("KT-ENTRY-03", Kind.MACHINE),
    DISK_SPEC("KT-DISK-01", Kind.MISTAKE),
    FORMATTER_MISSING("KT-DISK-02", Kind.MISTAKE),
    FORMATTER_FAILED("KT-DISK-03", Kind.MACHINE),
    REFLINK_IMPOSSIBLE("KT-DISK-04", Kind.MISTAKE),
    DISK_DIRECTORY("KT-DISK-05", Kind.MISTAKE),
    CLONE_WRONG("KT-DISK-06", Kind.MACHINE),
    VM_PROGRAM_MISSING("KT-VM-01", Kind.MISTAKE),
    VM_SPEC("KT-VM-02", Kind.MISTAKE),
    KERNEL_UNBOOTABLE("KT-VM-03", Kind.MISTAKE),
    GUEST_FILE("KT-VM-04", Kind.MISTAKE),
    ACCELERATOR("KT-VM-05", Kind.MISTAKE),
    QEMU_FAILED("KT-VM-06", Kind.MACHINE),
    GUEST_SILENT("KT-VM-07", Kind.MISTAKE),
    GUEST_PANIC("KT-VM-08", Kind.MISTAKE),
    GUEST_INIT("KT-VM-09", Kind.MISTAKE),
    GUEST_DRIVER("KT-VM-10", Kind.MISTAKE),
    GUEST_MEMORY("KT-VM-11", Kind.MISTAKE),
    VM_TIMEOUT("KT-VM-12", Kind.MISTAKE),
    GUEST_COMMAND("KT-VM-13", Kind.MISTAKE),
    GUEST_OUTPUT("KT-VM-14", Kind.MISTAKE),
    HOST_CPUS("KT-HOST-01", Kind.MISTAKE),
    TEST_DECLARATION("KT-JUNIT-01", Kind.MISTAKE),
    PREPARE_MISSING("KT-PREP-01", Kind.MISTAKE),
    DOCTOR_FAILED("KT-DOCTOR-01", Kind.MISTAKE),
    REQUEST_CONTRADICTORY("KT-ARG-01", Kind.MISTAKE);

    /** Who has to act: the person who asked, or whoever looks after the machine. */
    public enum Kind {
        MISTAKE,
        MACHINE
    }

    private final String id;
    private final Kind kind;

    ErrorCode(String id, Kind kind) {
        this.id = id;
        this.kind = kind;
    }

    /** The code as printed, such as {@code KT-LOCK-01}. */
    public String id() {
        return id;
    }

    public Kind kind() {
        return kind;
    }

    /** Where the code is explained, such as {@code docs/errors.md#kt-lock-01}. */
    public String help() {
        return "docs/errors.md#" + id.toLowerCase(Locale.ROOT);
    }
}
