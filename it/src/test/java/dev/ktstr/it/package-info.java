/**
 * Tests that need more than one process, a real kernel, or root. Each says what it needs with a tag, and aborts with the
 * reason where that is missing; {@code scripts/test.sh} provides everything and lets none abort.
 *
 * <ul>
 *   <li>{@code kernel}: the properties {@code ktstr.it.image}, {@code ktstr.it.vmlinux} and {@code ktstr.it.config}
 *   <li>{@code root}: to mount
 *   <li>{@code strace}: the program
 * </ul>
 */
@NullMarked
package dev.ktstr.it;

import org.jspecify.annotations.NullMarked;
