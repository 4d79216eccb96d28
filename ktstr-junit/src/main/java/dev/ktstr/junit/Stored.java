package dev.ktstr.junit;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** What JUnit keeps for us, one object of a type for each context, and closes with that. */
final class Stored {
    private static final Namespace OURS = Namespace.create(KtstrExtension.class);

    private Stored() {}

    /** That of this very context. */
    static <T> Optional<T> in(ExtensionContext context, Class<T> type) {
        return Optional.ofNullable(store(context).get(key(context, type), type));
    }

    /** That of this very context, made if there is none. */
    static <T> T in(ExtensionContext context, Class<T> type, Supplier<T> first) {
        return store(context).getOrComputeIfAbsent(key(context, type), absent -> first.get(), type);
    }

    static <T> void put(ExtensionContext context, Class<T> type, T value) {
        store(context).put(key(context, type), value);
        store(context).put(type, value); // for nearest: without the context, those further in find it, too
    }

    /** That which was {@link #put} for this context, or for the nearest around it. */
    static <T> Optional<T> nearest(ExtensionContext context, Class<T> type) {
        return Optional.ofNullable(store(context).get(type, type));
    }

    /** What was {@link #shared} by a context, or one around it. */
    static <T> Optional<T> shared(ExtensionContext context, Object key, Class<T> type) {
        return Optional.ofNullable(store(context).get(List.of(type, key), type));
    }

    /** One for a context and all within it, whichever asks first. */
    static <T> T shared(ExtensionContext context, Object key, Class<T> type, Supplier<T> first) {
        return store(context).getOrComputeIfAbsent(List.of(type, key), absent -> first.get(), type);
    }

    /** This context, and those around it. */
    static Stream<ExtensionContext> outwards(ExtensionContext context) {
        return Stream.iterate(
                        Optional.of(context), Optional::isPresent, each -> each.flatMap(ExtensionContext::getParent))
                .map(Optional::orElseThrow);
    }

    /**
     * Stores look outwards for what they do not have; the context in the key keeps them from finding it. JUnit has one object
     * for each, and putting its id into words instead takes longer than all else here, for each test anew.
     */
    private static List<Object> key(ExtensionContext context, Class<?> type) {
        return List.of(type, context);
    }

    private static ExtensionContext.Store store(ExtensionContext context) {
        return context.getStore(OURS);
    }
}
