/**
 * What every other package of ktstr uses: the {@link dev.ktstr.Environment} that is passed in at the edge, the
 * {@link dev.ktstr.KtstrException} that every failure is a kind of, and durations and sizes as people write them.
 *
 * <p>The packages, and the only arrows between them:
 *
 * <pre>
 * dev.ktstr.os       the one package that imports JNA
 * dev.ktstr.lock     flock(2) and who holds it            -&gt; os
 * dev.ktstr.elf      reading and stripping vmlinux        -&gt; (nothing)
 * dev.ktstr.publish  stage, fsync, publish, remove, sweep -&gt; os, lock
 * dev.ktstr.cache    the kernel store                     -&gt; publish, lock, elf, os
 * dev.ktstr.disk     disk templates and test disks    -&gt; publish, lock, os
 * dev.ktstr.host     reserving CPUs                       -&gt; lock, os
 * dev.ktstr.vm       boots kernels in QEMU               -&gt; all of the above
 * dev.ktstr.event    what the library tells its host      (used by all, like this package)
 * </pre>
 */
@NullMarked
package dev.ktstr;

import org.jspecify.annotations.NullMarked;
