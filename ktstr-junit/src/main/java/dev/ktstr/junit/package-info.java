/**
 * The JUnit Jupiter extension: a real, stored kernel and disks of its own for every test.
 *
 * <pre>
 * &#64;KtstrKernel("6.12")
 * class JournalRecoveryIT {
 *     &#64;Test
 *     void replaysAfterPowerCut(&#64;KtstrDisk(size = "256M") TestDisk disk, VirtualMachine.Builder vm) throws Exception {
 *         vm.disk(disk).script("mount /dev/vda /mnt &amp;&amp; echo hi &gt; /mnt/f").run().expectSuccess();
 *     }
 * }
 * </pre>
 *
 * <p>What is injected by type: {@link dev.ktstr.cache.KernelEntry}, {@link dev.ktstr.cache.KernelLease},
 * {@link dev.ktstr.cache.KernelCache} and {@link dev.ktstr.vm.VirtualMachine.Builder}, into parameters of constructors,
 * lifecycle methods and test methods, and into fields that {@link dev.ktstr.junit.KtstrKernel} marks; by annotation:
 * disks ({@link dev.ktstr.junit.KtstrDisk}) and virtual machines ({@link dev.ktstr.junit.KtstrVm}).
 *
 * <p>Everything belongs to the JUnit context it was made in, and is closed with it: virtual machines first, then disks,
 * then the kernel's shared lock, then named locks. Safe under {@code junit.jupiter.execution.parallel}.
 *
 * <p>Settings, each as a JUnit configuration parameter or system property, else in {@code target/ktstr/prepared.properties},
 * else in the environment: {@code ktstr.cacheDir} ({@code KTSTR_CACHE_DIR}), {@code ktstr.kernel} ({@code KTSTR_KERNEL}),
 * {@code ktstr.kernels} ({@code KTSTR_KERNEL_LIST}); {@code ktstr.onMissing} and {@code ktstr.keepDisks} have no variable.
 */
@NullMarked
package dev.ktstr.junit;

import org.jspecify.annotations.NullMarked;
