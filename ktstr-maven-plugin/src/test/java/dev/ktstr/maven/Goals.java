package dev.ktstr.maven;

import java.lang.reflect.Field;

/** Gives goals, and what is in their configuration, their parameters, as Maven does. */
public final class Goals {
    private Goals() {}

    public static <T> T with(T goal, String parameter, Object value) throws ReflectiveOperationException {
        Field field = field(goal.getClass(), parameter);
        field.setAccessible(true);
        field.set(goal, value);
        return goal;
    }

    private static Field field(Class<?> type, String name) throws NoSuchFieldException {
        try {
            return type.getDeclaredField(name);
        } catch (NoSuchFieldException inherited) {
            if (type == Object.class) {
                throw inherited;
            }
            return field(type.getSuperclass(), name);
        }
    }
}
