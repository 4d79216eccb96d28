package dev.ktstr.maven;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * A list that was given as a property, in place of the one in the POM's configuration. Read here and not by Maven, which lets a
 * property win over the list of an execution wherever it comes from: also when an execution before it has set it.
 *
 * @param origin where it was given, for messages
 * @param texts its elements
 */
record GivenList(String origin, List<String> texts) {
    /**
     * What counts in place of the list in the POM: the user's property; without such a list also the project's, unless {@code
     * prepare} itself has set that. A blank one is none.
     *
     * @param prepared the properties that earlier executions have set
     */
    static Optional<GivenList> of(
            String name, Properties user, Properties project, Map<String, String> prepared, boolean hasList) {
        Optional<GivenList> users = of("-D" + name, user.getProperty(name, ""));
        if (users.isPresent() || hasList) {
            return users;
        }
        String value = project.getProperty(name, "");
        return value.equals(prepared.get(name)) ? Optional.empty() : of("the property " + name, value);
    }

    private static Optional<GivenList> of(String origin, String value) {
        List<String> texts = split(value);
        return texts.isEmpty() ? Optional.empty() : Optional.of(new GivenList(origin, texts));
    }

    /** The elements, without blank ones. */
    static List<String> split(String value) {
        return Arrays.stream(value.split(",", -1))
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .toList();
    }
}
