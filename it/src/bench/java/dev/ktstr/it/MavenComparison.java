package dev.ktstr.it;

import dev.ktstr.cache.KernelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Our goals from the command line. */
final class MavenComparison implements Comparison {
    private static final String STOCK_PLUGIN = "maven-enforcer-plugin";

    @Override
    public String name() {
        return "maven";
    }

    @Override
    public String title() {
        return "A goal from the command line";
    }

    @Override
    public String method() {
        return """
                `mvn -o -B -q GOAL` as a whole process, against another that does about nothing, `enforcer:display-info`, which prints
                four lines: what is more is ours, and the rest is Maven's own start. Both are run in a project of a few lines, offline,
                with all plugins in one local repository; each has run once before, so the page cache is warm. The store has one
                kernel, the one that the goals are asked for: *kernel-list* lists it, *kernel-store* is given its image, `vmlinux` and
                configuration, reads them, and finds that it is there, and *prepare* finds the one that the POM asks for, as in every
                build after the first.""";
    }

    @Override
    public void prepare(Laboratory laboratory, Results results) throws Exception {
        RealKernel kernel = laboratory.kernel();
        Path root = laboratory.newDirectory();
        KernelCache.at(root).store(kernel.request().build());
        PluginRepository repository = PluginRepository.in(laboratory.newDirectory());
        Maven maven = new Maven(repository, project(laboratory.newDirectory(), repository, root));
        maven.measure(laboratory, results, "kernel-list");
        if (laboratory.effort().isWhole()) {
            maven.measure(
                    laboratory,
                    results,
                    "kernel-store",
                    "-Dktstr.image=" + kernel.image(),
                    "-Dktstr.vmlinux=" + kernel.vmlinux(),
                    "-Dktstr.config=" + kernel.config());
            maven.measure(laboratory, results, "prepare");
        }
    }

    /** A project whose tests need the kernel. */
    private static Path project(Path directory, PluginRepository repository, Path root) throws IOException {
        Path pom = directory.resolve("pom.xml");
        Files.writeString(pom, """
                <project xmlns="http://maven.apache.org/POM/4.0.0">
                  <modelVersion>4.0.0</modelVersion>
                  <groupId>org.example</groupId>
                  <artifactId>goal</artifactId>
                  <version>1.0</version>
                  <packaging>pom</packaging>
                  <build>
                    <plugins>
                      <plugin>
                        <groupId>dev.ktstr</groupId>
                        <artifactId>ktstr-maven-plugin</artifactId>
                        <version>%s</version>
                        <configuration>
                          <cacheDir>%s</cacheDir>
                          <kernels>
                            <kernel>latest</kernel>
                          </kernels>
                        </configuration>
                      </plugin>
                    </plugins>
                  </build>
                </project>
                """.formatted(repository.version(), root));
        return pom;
    }

    private record Maven(PluginRepository repository, Path pom) {
        void measure(Laboratory laboratory, Results results, String goal, String... properties) throws Exception {
            String[] ours = command("dev.ktstr", "ktstr-maven-plugin", repository.version(), goal, properties);
            String[] stock = command(
                    "org.apache.maven.plugins", STOCK_PLUGIN, repository.versionOf(STOCK_PLUGIN), "display-info");
            if (!laboratory.effort().equals(Effort.SMOKE)) {
                Laboratory.time(ours);
                Laboratory.time(stock);
            }
            List<Pair> pairs = laboratory.pairs(() -> Laboratory.time(ours), () -> Laboratory.time(stock));
            results.figure(() -> new Figure(
                    "maven-" + goal,
                    "`ktstr:" + goal + "`",
                    "`enforcer:display-info`",
                    Unit.SECONDS,
                    Target.NONE,
                    pairs));
        }

        private String[] command(String group, String plugin, String version, String goal, String... properties) {
            List<String> command = new ArrayList<>(List.of(
                    "mvn",
                    "-o",
                    "-B",
                    "-q",
                    "-f",
                    pom.toString(),
                    "-Dmaven.repo.local=" + repository.path(),
                    group + ":" + plugin + ":" + version + ":" + goal));
            Collections.addAll(command, properties);
            return command.toArray(String[]::new);
        }
    }
}
