/**
 * The kernel store: one directory per kernel, published whole or not at all.
 *
 * <pre>
 * &lt;root&gt;/&lt;key&gt;/
 *   bzImage | Image    the boot image, a copy of the source (its name is in the metadata)
 *   vmlinux            symbols and BTF, stripped of everything else; optional
 *   config             the kernel's .config; optional
 *   metadata.json      what it is and where it came from; people read it
 * </pre>
 *
 * <p>{@link dev.ktstr.cache.KernelCache} is the door. Looking up and listing take no lock, and what they return may be
 * replaced the next moment; whoever uses an entry's files takes a {@link dev.ktstr.cache.KernelLease}.
 *
 * <p>The directory is shared with the original ktstr, which is written in Rust: its entries are valid here, ours are
 * there, and fields that only it knows survive. Its {@code kernel clean} takes no lock, so it can remove an entry from
 * under a lease.
 */
@NullMarked
package dev.ktstr.cache;

import org.jspecify.annotations.NullMarked;
