package dev.ktstr.elf;

import java.util.List;
import java.util.Optional;

/**
 * What a program or shared library asks of the dynamic loader, as it is in the file: nothing is looked up or expanded.
 * Source: gABI chapter 5, "Program Interpreter" and "Dynamic Section", and {@code ld.so(8)}.
 *
 * <p>The elements of both paths are those between colons. Empty ones are left out: {@code ld.so} takes them for the
 * working directory, and musl's loader passes over them.
 *
 * @param interpreter path of the loader ({@code PT_INTERP}), which the kernel starts with the program; libraries have
 *     none, with exceptions
 * @param needed the libraries to load with it ({@code DT_NEEDED}), in their order: names, or paths where there is a slash
 * @param rpath where to look for what this file and the libraries below it need ({@code DT_RPATH}); loaders ignore it in
 *     a file that has a runpath
 * @param runpath where to look for what this file needs ({@code DT_RUNPATH})
 */
public record DynamicLinking(
        Optional<String> interpreter, List<String> needed, List<String> rpath, List<String> runpath) {
    public DynamicLinking {
        needed = List.copyOf(needed);
        rpath = List.copyOf(rpath);
        runpath = List.copyOf(runpath);
    }
}
