/**
 * Boots a stored kernel in QEMU, with a test's disks, runs one command or script in it, and says how that went:
 * {@link dev.ktstr.vm.VirtualMachine}. Also formats disk templates that way ({@link dev.ktstr.vm.VmFormatter}), for those who
 * want the file system made by the kernel under test.
 *
 * <p>The guest is the kernel, its modules, and an initramfs of busybox and whatever files were asked for. What the command
 * prints does not pass through the console: standard output, standard error, and the conversation between the guest's first
 * process and us have a virtio-serial port each. So kernel messages never mix with output, and no output can be taken for the
 * conversation.
 *
 * <p>Nothing that a run needs has a name in a file system: disks, the initramfs and the pipes to QEMU are open descriptors of
 * this process that QEMU opens by way of {@code /proc}. QEMU is told to die with the thread that started it. So nothing is
 * left, however this process ends.
 */
@NullMarked
package dev.ktstr.vm;

import org.jspecify.annotations.NullMarked;
