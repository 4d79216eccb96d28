package dev.ktstr.vm;

/**
 * A program of this machine without which no virtual machine starts.
 *
 * @param debianPackage what to install on Debian and Ubuntu to have it
 * @param fedoraPackage the same on Fedora
 */
public record RequiredProgram(String name, String debianPackage, String fedoraPackage) {
    static final RequiredProgram SETPRIV = new RequiredProgram("setpriv", "util-linux", "util-linux");
    static final RequiredProgram BUSYBOX = new RequiredProgram("busybox", "busybox-static", "busybox");
}
