/**
 * Tests that need more than one process, a real kernel, or root. Each says what it needs with a tag, and aborts with the
 * reason where that is missing; {@code scripts/test.sh} provides everything and lets none abort.
 *
 * <ul>
 *   <li>{@code bench}: the profile of that name, and what is below; the benchmarks are in {@code src/bench}
 *   <li>{@code gcc}: a C compiler
 *   <li>{@code kernel}: the properties {@code ktstr.it.image}, {@code ktstr.it.vmlinux} and {@code ktstr.it.config}
 *   <li>{@code qemu}: {@code qemu-system-x86_64}, a static busybox, the programs of util-linux, mkfs and fsck of btrfs, xfs and
 *       ext4, and the property {@code ktstr.it.modules}
 *   <li>{@code root}: to mount, and for namespaces
 *   <li>{@code strace}: the program
 * </ul>
 */
@NullMarked
package dev.ktstr.it;

import org.jspecify.annotations.NullMarked;
