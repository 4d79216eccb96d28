package dev.ktstr.cache;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel version to compare by: {@code 6.1.192}, {@code 6.15-rc3}, and the numbers that a release begins with. Missing
 * numbers are 0, and a release candidate comes before its release.
 *
 * @param candidate the number of the release candidate; empty for a release
 */
record KernelVersion(List<BigInteger> numbers, Optional<BigInteger> candidate) implements Comparable<KernelVersion> {
    private static final Pattern FORM = Pattern.compile("v?([0-9]+(?:\\.[0-9]+)*)(?:-rc([0-9]+))?");

    /** Of the beginning of a text; empty if that is no number. */
    static Optional<KernelVersion> of(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.lookingAt()) {
            return Optional.empty();
        }
        List<BigInteger> numbers = new ArrayList<>();
        for (String number : form.group(1).split("\\.", -1)) {
            numbers.add(new BigInteger(number));
        }
        return Optional.of(new KernelVersion(
                List.copyOf(numbers), Optional.ofNullable(form.group(2)).map(BigInteger::new)));
    }

    @Override
    public int compareTo(KernelVersion other) {
        int length = Math.max(numbers.size(), other.numbers.size());
        for (int i = 0; i < length; i++) {
            int order = number(i).compareTo(other.number(i));
            if (order != 0) {
                return order;
            }
        }
        if (candidate.isPresent() && other.candidate.isPresent()) {
            return candidate.get().compareTo(other.candidate.get());
        }
        return Boolean.compare(candidate.isEmpty(), other.candidate.isEmpty());
    }

    private BigInteger number(int index) {
        return index < numbers.size() ? numbers.get(index) : BigInteger.ZERO;
    }

    /** Whether a version starts with a text, and the text ends where one of its components does. */
    static boolean startsWith(String version, String prefix) {
        return version.startsWith(prefix)
                && (version.length() == prefix.length() || !Character.isLetterOrDigit(version.charAt(prefix.length())));
    }
}
