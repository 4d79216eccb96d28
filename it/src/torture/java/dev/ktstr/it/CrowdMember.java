package dev.ktstr.it;

import java.util.ArrayList;
import java.util.List;

/** How the JVMs of a crowd are started: many at a time on few processors. */
final class CrowdMember {
    private static final List<String> OPTIONS = List.of("-Xmx128m", "-XX:+UseSerialGC");

    private CrowdMember() {}

    static List<String> command(Class<?> main, MarkedKernel kernel, String... arguments) {
        List<String> all = new ArrayList<>(List.of(
                kernel.imageTemplate().toString(), kernel.vmlinuxTemplate().toString()));
        all.addAll(List.of(arguments));
        List<String> command = Commands.jvm(main, all.toArray(String[]::new));
        command.addAll(1, OPTIONS);
        return command;
    }
}
