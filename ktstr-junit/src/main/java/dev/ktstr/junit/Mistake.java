package dev.ktstr.junit;

import dev.ktstr.ErrorCode;
import dev.ktstr.KtstrException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Parameter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** Words for a declaration that is wrong. */
final class Mistake {
    private Mistake() {}

    /** For a value that core refused, in core's words. */
    static ExtensionConfigurationException in(
            Class<? extends Annotation> annotation, AnnotatedElement where, KtstrException refused) {
        return in(annotation, where, "", refused);
    }

    /** @param attribute words that say where in the annotation, such as {@code its value: } */
    static ExtensionConfigurationException in(
            Class<? extends Annotation> annotation, AnnotatedElement where, String attribute, KtstrException refused) {
        return of(annotation, where, attribute + refused.problem(), refused.remedy(), refused);
    }

    static ExtensionConfigurationException in(
            Class<? extends Annotation> annotation, AnnotatedElement where, String problem, String remedy) {
        return of(annotation, where, problem, remedy, null);
    }

    private static ExtensionConfigurationException of(
            Class<? extends Annotation> annotation,
            AnnotatedElement where,
            String problem,
            String remedy,
            @Nullable Throwable cause) {
        TestException words = new TestException(
                ErrorCode.TEST_DECLARATION,
                "reading @" + annotation.getSimpleName() + " on " + place(where) + ": " + problem,
                null,
                remedy,
                cause);
        return new ExtensionConfigurationException(String.valueOf(words.getMessage()), words);
    }

    /** Such as {@code parameter disk of com.acme.JournalIT.replays}. */
    static String place(AnnotatedElement element) {
        if (element instanceof Parameter parameter) {
            return "parameter " + parameter.getName() + " of " + name(parameter.getDeclaringExecutable());
        }
        if (element instanceof Field field) {
            return "field " + field.getName() + " of "
                    + field.getDeclaringClass().getName();
        }
        if (element instanceof Executable executable) {
            return name(executable);
        }
        return element instanceof Class<?> type ? type.getName() : element.toString();
    }

    private static String name(Executable executable) {
        return executable instanceof java.lang.reflect.Constructor<?>
                ? "the constructor of " + executable.getName()
                : executable.getDeclaringClass().getName() + "." + executable.getName();
    }
}
