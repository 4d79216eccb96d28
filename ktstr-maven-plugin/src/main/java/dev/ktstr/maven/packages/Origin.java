package dev.ktstr.maven.packages;

import dev.ktstr.ErrorCode;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The file that is being unpacked, for the messages about it. */
record Origin(Path file) {
    static final String BY_HAND =
            "unpack it yourself (dpkg-deb -x) and give image, vmlinux, config and modulesDir instead of packages";

    String name() {
        return String.valueOf(file.getFileName());
    }

    /** It is cut off, or its bytes are not what they were. */
    PackageException damaged(String why, @Nullable Throwable cause) {
        return unusable(why, "get the file again: part of it is missing or was changed (sha256sum tells)", cause);
    }

    PackageException unusable(String why, String remedy, @Nullable Throwable cause) {
        return new PackageException(
                ErrorCode.PACKAGE_UNUSABLE, "unpacking " + name() + ": " + why, file, remedy, cause);
    }

    /** It is made in a way that no honest package is. */
    PackageException hostile(String why) {
        return new PackageException(
                ErrorCode.PACKAGE_HOSTILE,
                "unpacking " + name() + ": " + why,
                file,
                "do not install it: no distribution makes such packages. Get the kernel from its archive",
                null);
    }

    PackageException mismatch(String why, String remedy) {
        return new PackageException(ErrorCode.PACKAGE_MISMATCH, "unpacking " + name() + ": " + why, file, remedy, null);
    }

    PackageException changed() {
        return new PackageException(
                ErrorCode.SOURCE_CHANGED,
                "unpacking " + name() + ": the file changed while it was read",
                file,
                "let whatever writes it (a download?) finish, and try again",
                null);
    }
}
