package dev.ktstr.vm;

import dev.ktstr.ErrorCode;
import dev.ktstr.Printable;
import dev.ktstr.elf.DynamicLinking;
import dev.ktstr.elf.ElfFile;
import dev.ktstr.elf.MalformedElfException;
import dev.ktstr.elf.MalformedElfException.Reason;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The files that a program of this machine needs beside itself to start in a guest: its dynamic loader, and the shared
 * libraries that the loader would load with it here, found as {@code ld.so(8)} finds them.
 *
 * <p>What programs open while they run is not among them: {@code dlopen(3)}, and with glibc name services and character
 * sets. Neither are variants of libraries for newer processors ({@code glibc-hwcaps}), which the guest's may not be.
 */
final class SharedLibraries {
    private static final DynamicLinking NOTHING = new DynamicLinking(Optional.empty(), List.of(), List.of(), List.of());

    private final Path etc;

    SharedLibraries() {
        this(Path.of("/etc"));
    }

    /** @param etc what stands for {@code /etc}: where the configuration of the dynamic loaders is */
    SharedLibraries(Path etc) {
        this.etc = etc;
    }

    /**
     * By path in the guest, absolute, the file of this machine to put there, its real path; the loader first, then the
     * libraries in the order in which they are loaded. Several paths may have the same file.
     *
     * <p>Empty for what no loader has to start: static programs, and what is no ELF file, such as a script.
     *
     * @throws VmException if the loader or a library is not on this machine or cannot be read, or two files would have to
     *     be at one path of the guest, or the program is not one that can be read
     * @throws java.nio.file.NoSuchFileException if there is no such program
     * @throws IOException if a file cannot be read
     */
    Map<String, Path> resolve(Path program) throws IOException {
        Path real = program.toRealPath();
        String architecture;
        DynamicLinking linking;
        try (ElfFile elf = ElfFile.openLoadable(real)) {
            architecture = elf.arch();
            linking = elf.dynamic().orElse(NOTHING);
        } catch (MalformedElfException e) {
            if (e.reason() == Reason.NOT_ELF) {
                return Map.of();
            }
            throw failure(
                    program,
                    "what it needs cannot be told: " + e.problem(),
                    "give a complete program for 64-bit little-endian machines",
                    e);
        }
        // Without an interpreter the kernel starts the program itself, and nobody reads what it needs.
        return linking.interpreter().isEmpty()
                ? Map.of()
                : new Resolution(program, architecture)
                        .resolve(
                                new LoadedObject(real, linking, null),
                                linking.interpreter().get());
    }

    private static VmException failure(Path program, String problem, String remedy, @Nullable Exception cause) {
        return new VmException(
                ErrorCode.GUEST_FILE,
                "preparing " + Printable.text(program.toString()) + " for the guest: " + problem,
                program,
                remedy,
                cause);
    }

    private final class Resolution {
        private final Path program;
        private final String architecture;
        private final Map<String, Path> files = new LinkedHashMap<>();
        private final Set<String> names = new HashSet<>();
        private final Set<Path> loaded = new HashSet<>();
        private final Queue<LoadedObject> waiting = new ArrayDeque<>();

        Resolution(Path program, String architecture) {
            this.program = program;
            this.architecture = architecture;
        }

        Map<String, Path> resolve(LoadedObject main, String interpreter) throws IOException {
            Path path = absolute(interpreter, main);
            Path file = load(path, main)
                    .orElseThrow(() -> missing("the dynamic loader " + printable(interpreter), main, "is not there"))
                    .path()
                    .toRealPath();
            put(path, file);
            DynamicLoader loader = DynamicLoader.of(path, file, etc);
            loaded.add(file);
            waiting.add(main);
            // Breadth first, as the loader: the first that needs a name decides where it is looked for.
            for (LoadedObject object = waiting.poll(); object != null; object = waiting.poll()) {
                for (String name : object.linking().needed()) {
                    if (names.add(name) && !loader.isItself(name)) {
                        place(name, object, loader);
                    }
                }
            }
            return files;
        }

        private void place(String name, LoadedObject wanting, DynamicLoader loader) throws IOException {
            LoadedObject library;
            Path guest;
            if (name.indexOf('/') >= 0) {
                guest = absolute(name, wanting);
                library = load(guest, wanting)
                        .orElseThrow(() -> missing("the shared library " + printable(name), wanting, "is not there"));
            } else {
                library = search(name, wanting, loader);
                guest = loader.guestDirectory().resolve(name);
            }
            Path file = library.path().toRealPath();
            put(guest, file);
            // A second name of a file is none of a second library.
            if (loaded.add(file)) {
                waiting.add(library);
            }
        }

        private LoadedObject search(String name, LoadedObject wanting, DynamicLoader loader) throws IOException {
            Set<Path> directories = wanting.searched(loader, architecture);
            for (Path directory : directories) {
                Optional<LoadedObject> library = load(directory, name, wanting);
                if (library.isPresent()) {
                    return library.get();
                }
            }
            throw missing(
                    "the shared library " + printable(name),
                    wanting,
                    "is in none of: "
                            + directories.stream()
                                    .map(directory -> printable(directory.toString()))
                                    .collect(Collectors.joining(", ")));
        }

        private Optional<LoadedObject> load(Path directory, String name, LoadedObject wanting) throws IOException {
            try {
                return load(directory.resolve(name), wanting);
            } catch (InvalidPathException notInTheEncodingOfThisJvm) {
                return Optional.empty();
            }
        }

        /** Empty where the loader would go on to the next directory. */
        private Optional<LoadedObject> load(Path path, LoadedObject wanting) throws IOException {
            if (!Files.isRegularFile(path)) {
                return Optional.empty();
            }
            try (ElfFile elf = ElfFile.openLoadable(path)) {
                return elf.arch().equals(architecture)
                        ? Optional.of(new LoadedObject(path, elf.dynamic().orElse(NOTHING), wanting))
                        : Optional.empty();
            } catch (NoSuchFileException | AccessDeniedException skipped) {
                return Optional.empty();
            } catch (MalformedElfException e) {
                if (e.reason() == Reason.CLASS_32 || e.reason() == Reason.BIG_ENDIAN) {
                    return Optional.empty();
                }
                throw failure(
                        program,
                        "it needs the shared library " + printable(path.toString()) + wantedBy(wanting)
                                + ", which cannot be used: " + e.problem(),
                        "install that library again, or link the program statically",
                        e);
            }
        }

        /** Only such a path means the same file here and in the guest. */
        private Path absolute(String path, LoadedObject wanting) throws VmException {
            try {
                if (path.startsWith("/") && path.indexOf('$') < 0) {
                    return Path.of(path);
                }
            } catch (InvalidPathException e) {
                throw missing(printable(path), wanting, "is not there");
            }
            throw failure(
                    program,
                    "it needs " + printable(path) + wantedBy(wanting)
                            + ", which may be another file in the guest: the path is not absolute",
                    "link with the library's name (-L and -l) or its absolute path, or statically",
                    null);
        }

        private void put(Path guest, Path file) throws VmException {
            Path other = files.putIfAbsent(guest.normalize().toString(), file);
            if (other != null && !other.equals(file)) {
                throw failure(
                        program,
                        "it needs two different files at " + printable(guest.toString()) + " in the guest: "
                                + printable(other.toString()) + " and " + printable(file.toString()),
                        "link it with one of the two, or statically",
                        null);
            }
        }

        private VmException missing(String what, LoadedObject wanting, String why) {
            return failure(
                    program,
                    "it needs " + what + wantedBy(wanting) + ", which " + why,
                    "install the package that has it, or link the program statically",
                    null);
        }
    }

    private static String wantedBy(LoadedObject wanting) {
        return " (wanted by " + printable(wanting.path().toString()) + ")";
    }

    private static String printable(String text) {
        return Printable.text(text);
    }
}
