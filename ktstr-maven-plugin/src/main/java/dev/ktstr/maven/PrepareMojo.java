package dev.ktstr.maven;

import dev.ktstr.cache.KernelCache;
import dev.ktstr.cache.KernelEntry;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Makes sure that the kernels and disk templates are there which a project's tests use, and tells the tests: what
 * <code>@KtstrKernel</code> and <code>@KtstrKernels</code> mean without a value, and where the cache is. That is written to
 * <code>target/ktstr/prepared.properties</code>, and set as the project properties <code>ktstr.cacheDir</code>,
 * <code>ktstr.kernel</code> (the first) and <code>ktstr.kernels</code> (all). What is there already is only looked at. Of several
 * executions in one build of a project, each adds its kernels to those of the ones before.
 *
 * @since 0.1.0
 */
@Mojo(name = "prepare", threadSafe = true, defaultPhase = LifecyclePhase.PRE_INTEGRATION_TEST)
public final class PrepareMojo extends AbstractStoreMojo {
    private static final String CACHE_DIR = "ktstr.cacheDir";
    private static final String KERNEL = "ktstr.kernel";
    private static final String KERNELS = "ktstr.kernels";
    private static final String DISKS = "ktstr.disks";
    private static final String HANDED_ON = PrepareMojo.class.getName() + ".handedOn";

    /**
     * The kernels. Each is a selector (a version such as <code>6.1</code>, a range such as <code>6.1..6.12</code> for all
     * stored kernels in it, a key, or <code>latest</code>), or elements: <code>selector</code>; <code>packages</code>
     * or <code>kernelTree</code>, from which a kernel is stored if the selector finds none, or there is no selector; and how to
     * store it, <code>modules</code> and <code>key</code>: all as for <code>kernel-store</code>.
     *
     * <p><code>-Dktstr.kernels=…</code> (selectors, separated by commas) stands in place of this list, in every execution. Where a
     * kernel of the list has the same selector, letter by letter, it says where that one comes from. A property
     * <code>ktstr.kernels</code> of the project counts only if there is no such list.
     *
     * @since 0.1.0
     */
    @Parameter
    private @Nullable List<RequiredKernel> kernels;

    /**
     * The disk templates. Each is a file system and a size, such as <code>xfs:300M</code>, or elements: <code>filesystem</code>,
     * <code>size</code>, <code>label</code> and <code>formatter</code>, as for <code>disk-template</code>.
     *
     * <p><code>-Dktstr.disks=…</code> (texts of the first form, separated by commas) stands in place of this list, in every
     * execution. A property <code>ktstr.disks</code> of the project counts only if there is no such list.
     *
     * @since 0.1.0
     */
    @Parameter
    private @Nullable List<RequiredDisk> disks;

    @Parameter(defaultValue = "${project.build.directory}", readonly = true, required = true)
    private File buildDirectory = new File("target");

    @Parameter(defaultValue = "${project.properties}", readonly = true)
    private Properties projectProperties = new Properties();

    @Parameter(defaultValue = "${session.userProperties}", readonly = true)
    private Properties userProperties = new Properties();

    @Override
    void run(Progress meter) throws IOException {
        Map<String, String> before = handedOn();
        List<KernelNeed> kernelNeeds = kernelNeeds(before);
        List<DiskNeed> diskNeeds = diskNeeds(before);
        KernelCache cache = cache();
        Set<String> keys = new LinkedHashSet<>(GivenList.split(before.getOrDefault(KERNELS, "")));
        keys.addAll(prepareKernels(cache, kernelNeeds, meter));
        meter.close();
        prepareDisks(diskNeeds, List.copyOf(keys));
        handOn(cache, List.copyOf(keys), before);
    }

    private List<KernelNeed> kernelNeeds(Map<String, String> before) throws IOException {
        List<RequiredKernel> ofPom = kernels == null ? List.of() : kernels;
        Optional<GivenList> given = GivenList.of(KERNELS, userProperties, projectProperties, before, !ofPom.isEmpty());
        List<KernelNeed> needs = new ArrayList<>();
        if (given.isPresent()) {
            for (String selector : given.get().texts()) {
                needs.add(RequiredKernel.given(selector, given.get().origin(), ofPom));
            }
        } else {
            for (RequiredKernel each : ofPom) {
                needs.add(each.read());
            }
        }
        return needs;
    }

    private List<DiskNeed> diskNeeds(Map<String, String> before) throws IOException {
        List<RequiredDisk> ofPom = disks == null ? List.of() : disks;
        Optional<GivenList> given = GivenList.of(DISKS, userProperties, projectProperties, before, !ofPom.isEmpty());
        List<DiskNeed> needs = new ArrayList<>();
        for (RequiredDisk each : given.map(PrepareMojo::parsed).orElse(ofPom)) {
            needs.add(each.read());
        }
        return needs;
    }

    private static List<RequiredDisk> parsed(GivenList given) {
        List<RequiredDisk> all = new ArrayList<>();
        for (String text : given.texts()) {
            RequiredDisk disk = new RequiredDisk();
            disk.set(text);
            all.add(disk);
        }
        return all;
    }

    private List<String> prepareKernels(KernelCache cache, List<KernelNeed> needs, Progress meter) throws IOException {
        PackageMemory memory =
                new PackageMemory(new PropertiesFile(directory().resolve("packages.properties")), environment());
        TreeBuilder builder = new TreeBuilder(
                environment(), cache, this::report, meter, getLog(), Optional.of(buildDirectory.toPath()));
        KernelPreparer preparer = new KernelPreparer(cache, memory, builder, environment(), meter, line -> {
            meter.clear();
            getLog().info(line);
        });
        Set<String> keys = new LinkedHashSet<>();
        for (KernelNeed need : needs) {
            for (KernelEntry entry : preparer.prepare(need)) {
                RequiredKernel.requireListable(entry.key());
                keys.add(entry.key());
            }
        }
        memory.write();
        return List.copyOf(keys);
    }

    /** If a virtual machine formats, then under the first of the project's kernels. */
    private void prepareDisks(List<DiskNeed> needs, List<String> keys) throws IOException {
        TemplateMaker maker = new TemplateMaker(environment(), this::report, getLog());
        for (DiskNeed need : needs) {
            TemplateMaker.Made made = maker.ensure(need.spec(), need.formatter(), keys.isEmpty() ? null : keys.get(0));
            getLog().info((made.isNew() ? "formatted " : "already there: ") + "disk template "
                    + made.template().key() + " (" + need.spec() + ")");
        }
    }

    /** What earlier executions have handed on in this build: Maven keeps a context for each project, until the build ends. */
    private Map<String, String> handedOn() {
        Map<String, String> before = new LinkedHashMap<>();
        Map<?, ?> context = getPluginContext();
        if (context != null && context.get(HANDED_ON) instanceof Map<?, ?> known) {
            known.forEach((name, value) -> before.put(String.valueOf(name), String.valueOf(value)));
        }
        return before;
    }

    @SuppressWarnings("unchecked") // it is of objects by their names, says Maven's documentation
    private void keep(Map<String, String> prepared) {
        Map<String, Object> context = getPluginContext();
        if (context != null) {
            context.put(HANDED_ON, Map.copyOf(prepared));
        }
    }

    private void handOn(KernelCache cache, List<String> keys, Map<String, String> before) throws IOException {
        Map<String, String> prepared = new LinkedHashMap<>(before);
        // Not the default: there, kernels and templates are in different directories, and tests find both by
        // themselves.
        if (environment().variable("KTSTR_CACHE_DIR").isPresent()) {
            prepared.put(CACHE_DIR, cache.root().toString());
        }
        if (!keys.isEmpty()) {
            prepared.put(KERNEL, keys.get(0));
            prepared.put(KERNELS, String.join(",", keys));
        }
        new PropertiesFile(directory().resolve("prepared.properties")).write(prepared, environment());
        prepared.forEach((name, value) -> {
            if (!userProperties.containsKey(name)) {
                projectProperties.setProperty(name, value);
            }
        });
        keep(prepared);
    }

    private Path directory() {
        return buildDirectory.toPath().resolve("ktstr");
    }
}
