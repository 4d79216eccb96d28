package dev.ktstr.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a kernel shows of a machine that is not at hand, in files. */
final class SysfsFixture {
    private final Path directory;
    private String allowed;

    private SysfsFixture(Path directory, String allowed) {
        this.directory = directory;
        this.allowed = allowed;
    }

    /** All these CPUs are online, and this process may use them. */
    static SysfsFixture withCpus(Path directory, String cpus) throws IOException {
        SysfsFixture fixture = new SysfsFixture(directory, cpus);
        fixture.write("cpu/online", cpus);
        return fixture;
    }

    /** 8 CPUs, of which 4 share a cache; each cache on a node of its own. */
    static SysfsFixture twoSockets(Path directory) throws IOException {
        return withCpus(directory, "0-7")
                .cache("0-3")
                .cache("4-7")
                .node(0, "0-3", "10 21")
                .node(1, "4-7", "21 10");
    }

    SysfsFixture allowing(String cpus) {
        allowed = cpus;
        return this;
    }

    /** A unified cache of level 3 above ones of a CPU's own. */
    SysfsFixture cache(String cpus) throws IOException {
        for (int cpu : CpuList.parse(cpus)) {
            index(cpu, 0, 1, "Data", Integer.toString(cpu));
            index(cpu, 1, 1, "Instruction", cpus);
            index(cpu, 2, 3, "Unified", cpus);
        }
        return this;
    }

    void index(int cpu, int index, int level, String type, String sharing) throws IOException {
        String cache = "cpu/cpu" + cpu + "/cache/index" + index + "/";
        write(cache + "level", Integer.toString(level));
        write(cache + "type", type);
        write(cache + "shared_cpu_list", sharing);
    }

    SysfsFixture node(int node, String cpus, String distances) throws IOException {
        write("node/node" + node + "/cpulist", cpus);
        write("node/node" + node + "/distance", distances);
        return this;
    }

    Topology topology() throws IOException {
        return Topology.read(directory, CpuList.parse(allowed));
    }

    void write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
    }
}
