package dev.ktstr.vm;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.disk.DiskException;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskThrottle;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.FormatterProgram;
import dev.ktstr.disk.TemplateFormatter;
import dev.ktstr.event.EventSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Formats in a virtual machine: this machine's mkfs, under a stored kernel. The file system is then made by that kernel's block
 * layer, and no program touches the image on the host.
 *
 * <p>The kernel has to be held by whoever uses this, from before a template is made sure of: locks of kernels come before those of
 * templates.
 */
public final class VmFormatter implements TemplateFormatter {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final long MEMORY = 256L << 20;

    /** What mkfs.ext4 is told by the host's administrator, so that both formatters make the same. */
    private static final Path CONFIGURATION = Path.of("/etc/mke2fs.conf");

    private static final String DIRECTORY = "/usr/local/sbin/";

    /** Status 64: mkfs was content, and there is no superblock. */
    private static final String SCRIPT = """
            "$@" /dev/vda || exit
            magic=$(dd if=/dev/vda bs=1 skip="$OFFSET" count="$COUNT" 2>/dev/null | od -A n -t x1 | tr -d ' \\n')
            [ "$magic" = "$MAGIC" ] || {
              echo "there is no superblock: $magic" >&2
              exit 64
            }
            sync
            """;

    private final Environment environment;
    private final KernelLease kernel;
    private final EventSink events;

    /**
     * A formatter.
     *
     * @param kernel must stay held for as long as this is used
     * @param events where warnings go
     */
    public VmFormatter(Environment environment, KernelLease kernel, EventSink events) {
        this.environment = environment;
        this.kernel = kernel;
        this.events = events;
    }

    @Override
    public String fingerprint(Filesystem filesystem) throws IOException {
        return FormatterProgram.locate(filesystem, environment).fingerprint();
    }

    @Override
    public void format(Path image, DiskSpec spec) throws IOException {
        VmResult result = machine(image, spec).run();
        if (result.exitCode() != 0) {
            boolean mkfsFailed = result.exitCode() > 0;
            throw new DiskException(
                    ErrorCode.FORMATTER_FAILED,
                    "formatting a disk (" + spec + ") in a virtual machine with kernel "
                            + kernel.entry().key() + ": " + result
                            + Console.quoted("its standard error", result.stderr())
                            + (mkfsFailed ? "" : Console.quoted("the console", result.console())),
                    null,
                    mkfsFailed
                            ? "if size, label or options of the disk are at fault, change them; else format on the host"
                            : "try it with another kernel, or format on the host",
                    null);
        }
    }

    private VirtualMachine machine(Path image, DiskSpec spec) throws IOException {
        Filesystem filesystem = spec.filesystem();
        FormatterProgram mkfs = FormatterProgram.locate(filesystem, environment);
        String inGuest = DIRECTORY + mkfs.path().getFileName(); // it looks at the name that it is called by
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", SCRIPT, "mkfs", inGuest));
        command.addAll(mkfs.arguments(spec));
        VirtualMachine.Builder machine = VirtualMachine.builder(environment)
                .events(events)
                .kernel(kernel.entry())
                .cpus(1)
                .memory(MEMORY)
                .timeout(LIMIT)
                .disk(image, DiskThrottle.NONE)
                .file(mkfs.path(), inGuest)
                .env("OFFSET", Long.toString(filesystem.magicOffset()))
                .env("COUNT", Integer.toString(filesystem.magic().length() / 2))
                .env("MAGIC", filesystem.magic())
                .command(command.toArray(String[]::new));
        if (Files.isReadable(CONFIGURATION)) {
            machine.file(CONFIGURATION, CONFIGURATION.toString());
        }
        return machine.build();
    }
}
