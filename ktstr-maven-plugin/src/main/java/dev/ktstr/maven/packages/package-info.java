/**
 * Reading kernels out of distribution packages, without dpkg and without trusting them.
 *
 * <pre>
 *   linux-image-6.1.0-56-amd64_6.1.192-2_amd64.deb       ar(5), see deb(5)
 *   |- debian-binary      "2.0"
 *   |- control.tar.xz     ./control: name, version, architecture
 *   `- data.tar.xz        ./boot/vmlinuz-RELEASE, ./boot/config-RELEASE, ./lib/modules/RELEASE/...
 * </pre>
 *
 * <p>A package is a stream: {@link dev.ktstr.maven.packages.KernelPackages} reads it once, from front to back, and
 * writes only what makes up the kernel. xz, which is slow to unpack, is unpacked on several threads where the package was
 * compressed on several, and no further than needed: a debug package is three quarters modules that nobody asked for.
 *
 * <p>Whatever a package says of itself may be a lie. No name out of one becomes the name of a file, except a module's,
 * after it has been checked; only regular files count, and no link is made or followed; no number out of one becomes the
 * size of a buffer; and what comes out of one is limited by what went into it, so that a bomb goes off, as an error,
 * after at most 64 times its size and 64 MiB. The strictness is dpkg's own where deb(5) says what it accepts: extended headers, sparse files
 * and the like are not in a Debian package.
 */
@NullMarked
package dev.ktstr.maven.packages;

import org.jspecify.annotations.NullMarked;
