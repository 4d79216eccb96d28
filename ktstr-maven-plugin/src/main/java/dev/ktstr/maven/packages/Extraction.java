package dev.ktstr.maven.packages;

import dev.ktstr.ByteSizes;
import dev.ktstr.cache.KernelFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes what makes up one kernel, out of any number of packages, into a directory. */
final class Extraction {
    /**
     * After the {@code vmlinux} of a debug package come gigabytes of modules with debug information. They are not read,
     * except for so much that a small package is read to its end: if it is made to say two things, that shows.
     */
    private static final long READ_ON = 8L << 20;

    /** Members of this size and more are worth a percentage. */
    private static final long LARGE = 32L << 20;

    private record Found(String name, Origin origin) {}

    private final Path scratch;
    private final boolean wantsModules;
    private final Meter meter;
    private final Map<String, Found> found = new HashMap<>();
    private final byte[] buffer = new byte[1 << 16];
    private @Nullable String release;
    private @Nullable Found releaseFrom;
    private @Nullable String unusableImage;

    // What is being unpacked, for the meter.
    private String what = "";
    private long writtenBefore;
    private long total;

    Extraction(Path scratch, boolean wantsModules, Meter meter) {
        this.scratch = scratch;
        this.wantsModules = wantsModules;
        this.meter = meter;
    }

    void unpack(Deb deb) throws IOException {
        Origin origin = deb.origin();
        try (DebTar tar = deb.data(true, this::progress)) {
            say(deb.id().name(), 0, 0);
            boolean onlyVmlinux = false;
            long enough = Long.MAX_VALUE;
            for (DebTar.Member member = tar.next(); member != null; member = tar.next()) {
                Optional<KernelMember> part = part(member, origin);
                if (part.isEmpty()) {
                    if (onlyVmlinux && tar.position() + member.size() > enough) {
                        break;
                    }
                    continue;
                }
                boolean nothingBefore = found.values().stream().noneMatch(each -> each.origin.equals(origin));
                claim(part.get(), member, origin);
                if (member.size() >= LARGE) {
                    say(deb.id().name() + ": " + part.get().kind().text(), tar.position(), member.size());
                }
                write(part.get(), member, tar, origin);
                say(deb.id().name(), 0, 0);
                onlyVmlinux = nothingBefore && member.name().startsWith(KernelMember.DEBUG);
                enough = tar.position() + READ_ON;
            }
        }
        deb.requireUnchanged();
    }

    /** What has been written; the image is among it. */
    KernelFiles files(Origin any) throws PackageException {
        Path image = file("image");
        if (image == null) {
            throw noImage(any, unusableImage);
        }
        return new KernelFiles(image, file("vmlinux"), file("config"), modules());
    }

    static PackageException noImage(Origin any, @Nullable String unusable) {
        return any.mismatch(
                "no boot image (boot/vmlinuz-...) is in it, nor in another one given"
                        + (unusable == null ? "" : "; " + unusable + ", and only regular files are used"),
                "give the package linux-image-... of the same version, too; a -dbg package alone has none");
    }

    static String noRegular(DebTar.Member member, Origin origin) {
        return MemberNames.shown(member.name()) + " in " + origin.name() + " is a link or a directory";
    }

    /** In the place of a file that is needed; elsewhere, it is none of our business. */
    static void requireNoDevice(DebTar.Member member, Origin origin) throws PackageException {
        if (member.isDevice()) {
            throw origin.hostile(MemberNames.shown(member.name()) + " is a device or a pipe, where a file should be");
        }
    }

    static void requireModerateSize(KernelMember part, DebTar.Member member, Origin origin) throws PackageException {
        if (member.size() > part.kind().limit()) {
            throw origin.hostile(
                    MemberNames.shown(member.name()) + " has " + ByteSizes.format(member.size()) + ", and a "
                            + part.kind().text() + " has at most "
                            + ByteSizes.format(part.kind().limit()));
        }
    }

    /** The part of the kernel that a member is, if it is one and wanted. */
    private Optional<KernelMember> part(DebTar.Member member, Origin origin) throws PackageException {
        Optional<KernelMember> part = KernelMember.of(member.name())
                .filter(each -> wantsModules || !each.kind().isOfModules());
        if (member.isRegular()) {
            return part;
        }
        if (part.isPresent()) {
            requireNoDevice(member, origin);
        }
        // Debian has links to vmlinux; they are nothing, neither made nor followed.
        if (part.isPresent() && part.get().kind() == KernelMember.Kind.IMAGE) {
            unusableImage = noRegular(member, origin);
        } else if (part.isPresent() && member.isHardLink()) {
            // The file under its second name: without it, the kernel would lack something, and nobody would know.
            throw origin.unusable(
                    MemberNames.shown(member.name()) + " is a hard link, and only regular files are used",
                    Origin.BY_HAND,
                    null);
        }
        return Optional.empty();
    }

    private void claim(KernelMember part, DebTar.Member member, Origin origin) throws PackageException {
        if (!member.name().chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
            throw origin.hostile("a name is not plain ASCII: " + MemberNames.shown(member.name()));
        }
        requireModerateSize(part, member, origin);
        Found here = new Found(member.name(), origin);
        if (releaseFrom == null) {
            release = part.release();
            releaseFrom = here;
        } else if (!part.release().equals(release)) {
            throw origin.mismatch(
                    member.name() + " belongs to Linux " + part.release() + ", but " + releaseFrom.name + " in "
                            + releaseFrom.origin.name() + " to " + release,
                    "give the packages of one kernel at a time");
        }
        Found before = found.putIfAbsent(part.target(), here);
        if (before != null && before.origin.equals(origin)) {
            throw origin.hostile(
                    "it has the same " + part.kind().text() + " twice: " + before.name + " and " + member.name());
        }
        if (before != null) {
            throw origin.mismatch(
                    member.name() + " is the same " + part.kind().text() + " as " + before.name + " in "
                            + before.origin.name(),
                    "give each package once, and only those of one kernel");
        }
    }

    private void write(KernelMember part, DebTar.Member member, DebTar tar, Origin origin) throws IOException {
        Path target = scratch.resolve(part.target());
        try (InputStream in = new LimitedInputStream(contents(part, member, tar), member, part, origin)) {
            Files.createDirectories(target.getParent());
            write(in, target);
        } catch (FileAlreadyExistsException file) {
            throw origin.hostile(member.name() + " is both a file and a directory");
        }
    }

    private void write(InputStream in, Path target) throws IOException {
        try (OutputStream out =
                Files.newOutputStream(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                out.write(buffer, 0, count);
            }
        }
    }

    private static InputStream contents(KernelMember part, DebTar.Member member, DebTar tar) throws IOException {
        return switch (part.kind()) {
            case IMAGE -> BootImage.open(tar, member.name());
            case MODULE -> {
                Compression how = Compression.ofModule(member.name()).orElse(Compression.NONE);
                yield how == Compression.NONE ? tar.contents() : tar.decoded(tar.contents(), member.name(), how);
            }
            case CONFIG, VMLINUX, MODULE_LIST -> tar.contents();
        };
    }

    private @Nullable Path file(String target) {
        return found.containsKey(target) ? scratch.resolve(target) : null;
    }

    private @Nullable Path modules() {
        Path modules = scratch.resolve(KernelMember.MODULES);
        return Files.isDirectory(modules) ? modules : null;
    }

    private void say(String whatNow, long before, long size) {
        what = whatNow;
        writtenBefore = before;
        total = size;
    }

    private void progress(long unpacked) {
        meter.at(what, unpacked - (total == 0 ? 0 : writtenBefore), total);
    }
}
