package dev.ktstr.maven.packages;

import dev.ktstr.cache.KernelFiles;
import dev.ktstr.cache.Modules;
import dev.ktstr.cache.PackageId;
import dev.ktstr.cache.StoreContents;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A kernel in Debian packages: boot image, configuration and modules in one or several, {@code vmlinux} in another. For
 * one thread.
 */
public final class KernelPackages implements StoreContents, Closeable {
    private final List<Deb> debs;
    private final Meter meter;

    private KernelPackages(List<Deb> debs, Meter meter) {
        this.debs = debs;
        this.meter = meter;
    }

    /**
     * Opens packages, and reads what they say of themselves. Each is read once, for its checksum.
     *
     * @param files at least one
     * @throws dev.ktstr.KtstrException if one cannot be used, or they do not belong together
     */
    public static KernelPackages open(List<Path> files, Meter meter) throws IOException {
        List<Deb> debs = new ArrayList<>();
        KernelPackages packages = new KernelPackages(debs, meter);
        try {
            for (Path file : files) {
                Deb deb = Deb.open(file);
                debs.add(deb);
                requireCompanions(debs.get(0), deb, debs.subList(0, debs.size() - 1));
            }
        } catch (IOException | RuntimeException failure) {
            packages.close();
            throw failure;
        }
        return packages;
    }

    private static void requireCompanions(Deb first, Deb deb, List<Deb> before) throws PackageException {
        for (Deb other : before) {
            if (other.id().name().equals(deb.id().name())) {
                throw deb.origin()
                        .mismatch(
                                "it is the package " + deb.id().name() + ", and so is "
                                        + other.origin().name(),
                                "give each package once, in one version");
            }
        }
        if (!first.id().arch().equals(deb.id().arch())) {
            throw deb.origin()
                    .mismatch(
                            "it is for " + deb.id().arch() + ", but "
                                    + first.origin().name() + " for "
                                    + first.id().arch(),
                            "give the packages of one kernel at a time");
        }
    }

    /** What packages these are, in the order given. */
    public List<PackageId> ids() {
        return debs.stream().map(Deb::id).toList();
    }

    @Override
    public InputStream openImage() throws IOException {
        // Debug packages last: one must be unpacked to its end to know that it has no image.
        List<Deb> order = debs.stream()
                .sorted(Comparator.comparing(deb -> deb.id().name().matches(".*-dbg(sym)?")))
                .toList();
        String unusable = null;
        for (Deb deb : order) {
            // On one thread: the image is near the front, and others would work for nothing.
            DebTar tar = deb.data(false, unpacked -> meter.at(deb.id().name(), unpacked, 0));
            try {
                for (DebTar.Member member = tar.next(); member != null; member = tar.next()) {
                    Optional<KernelMember> image =
                            KernelMember.of(member.name()).filter(part -> part.kind() == KernelMember.Kind.IMAGE);
                    if (image.isEmpty()) {
                        continue;
                    }
                    if (member.isRegular()) {
                        return openImage(image.get(), member, tar, deb.origin());
                    }
                    Extraction.requireNoDevice(member, deb.origin());
                    unusable = Extraction.noRegular(member, deb.origin());
                }
            } catch (IOException | RuntimeException failure) {
                tar.close();
                throw failure;
            }
            tar.close();
        }
        throw Extraction.noImage(debs.get(0).origin(), unusable);
    }

    private static InputStream openImage(KernelMember image, DebTar.Member member, DebTar tar, Origin origin)
            throws IOException {
        Extraction.requireModerateSize(image, member, origin);
        InputStream contents = BootImage.open(tar, member.name());
        return new FilterInputStream(new LimitedInputStream(contents, member, image, origin)) {
            @Override
            public void close() throws IOException {
                tar.close();
            }
        };
    }

    @Override
    public KernelFiles provide(Path scratch, Modules modules) throws IOException {
        Extraction extraction = new Extraction(scratch, modules != Modules.NONE, meter);
        for (Deb deb : debs) {
            extraction.unpack(deb);
        }
        return extraction.files(debs.get(0).origin());
    }

    @Override
    public void close() throws IOException {
        @Nullable IOException failed = null;
        for (Deb deb : debs) {
            try {
                deb.close();
            } catch (IOException failure) {
                failed = failure;
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
