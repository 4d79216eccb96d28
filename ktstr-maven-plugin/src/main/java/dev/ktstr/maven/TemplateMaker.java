package dev.ktstr.maven;

import dev.ktstr.Environment;
import dev.ktstr.ErrorCode;
import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelLease;
import dev.ktstr.cache.KernelSelector;
import dev.ktstr.disk.DiskSpec;
import dev.ktstr.disk.DiskTemplates;
import dev.ktstr.disk.Filesystem;
import dev.ktstr.disk.Template;
import dev.ktstr.event.EventSink;
import dev.ktstr.event.KtstrEvent;
import dev.ktstr.vm.VmFormatter;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.maven.plugin.logging.Log;
import org.jspecify.annotations.Nullable;

/** Makes sure that templates are there, for every goal that does. */
final class TemplateMaker {
    /** Who formats. */
    enum Formatter {
        HOST,
        VM
    }

    /** @param isNew whether it had to be formatted */
    record Made(Template template, boolean isNew) {}

    private final Environment environment;
    private final EventSink events;
    private final Log log;

    TemplateMaker(Environment environment, EventSink events, Log log) {
        this.environment = environment;
        this.events = events;
        this.log = log;
    }

    /** @param kernel which one formats, if a virtual machine does; null for what the environment says, else the latest */
    Made ensure(DiskSpec spec, Formatter formatter, @Nullable String kernel) throws IOException {
        DiskTemplates templates = DiskTemplates.open(environment);
        if (formatter == Formatter.HOST) {
            return ensure(templates, spec);
        }
        String selector =
                kernel != null ? kernel : environment.variable("KTSTR_KERNEL").orElse(KernelSelector.LATEST);
        // The kernel is held from before the template's lock is taken: that is the order of locks.
        try (KernelLease lease = KernelCache.open(environment, events).lease(KernelSelector.parse(selector))) {
            log.debug("formatting with kernel " + lease.entry().key());
            return ensure(templates.withFormatter(new VmFormatter(environment, lease, events)), spec);
        }
    }

    private Made ensure(DiskTemplates templates, DiskSpec spec) throws IOException {
        AtomicBoolean made = new AtomicBoolean();
        Template template = templates
                .withEvents(event -> {
                    if (event instanceof KtstrEvent.Published) {
                        made.set(true);
                    }
                    events.accept(event);
                })
                .ensure(spec);
        return new Made(template, made.get());
    }

    /** Parses the name of a formatter, naming what it was given for when it is none. */
    static Formatter formatter(String what, String text) throws GoalException {
        return switch (text) {
            case "host" -> Formatter.HOST;
            case "vm" -> Formatter.VM;
            default ->
                throw new GoalException(
                        ErrorCode.ENV_SETTING,
                        "reading " + what + ": \"" + text + "\" is no formatter",
                        null,
                        "set it to host or vm, or leave it out: then this machine's mkfs formats, without privileges");
        };
    }

    /** Parses the name of a file system with which templates are formatted. */
    static Filesystem filesystem(String what, String text) throws GoalException {
        for (Filesystem each : Filesystem.values()) {
            if (each != Filesystem.RAW && each.text().equals(text.toLowerCase(Locale.ROOT))) {
                return each;
            }
        }
        throw new GoalException(
                ErrorCode.ENV_SETTING,
                "reading " + what + ": \"" + text + "\" is no file system that disks are formatted with",
                null,
                "take ext4, xfs or btrfs");
    }
}
