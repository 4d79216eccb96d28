/**
 * Disks for tests: a file system is formatted once, into a template, and every test gets a copy of its own that shares the
 * template's blocks until it is written to.
 *
 * <pre>
 * &lt;root&gt;/&lt;fs&gt;-&lt;MiB&gt;m-&lt;formatter&gt;[-o&lt;options&gt;][-u&lt;variant&gt;]/template.img   a template
 * &lt;root&gt;/template.img.in-flight.&lt;key&gt;.&lt;pid&gt;-&lt;8 hex&gt;                  one being formatted
 * &lt;root&gt;/&lt;key&gt;.tmp.&lt;pid&gt;-&lt;8 hex&gt;/                                 one on its way in, or on its way out
 * &lt;root&gt;/.disks-&lt;pid&gt;.&lt;8 hex&gt;/                                    disks that had to have a name
 * </pre>
 *
 * <p>A {@link dev.ktstr.disk.TestDisk} has no name: nothing has to be cleaned up after it, however its process ends. Other
 * processes reach it through {@code /proc/<pid>/fd}.
 *
 * <p>Two clones of one template have the same UUID, and a kernel does not mount two such btrfs or xfs at once. So templates
 * come in variants: the n-th disk of one test is a clone of the n-th.
 */
@NullMarked
package dev.ktstr.disk;

import org.jspecify.annotations.NullMarked;
