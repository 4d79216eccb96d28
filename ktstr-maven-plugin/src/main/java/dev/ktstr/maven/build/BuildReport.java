package dev.ktstr.maven.build;

import java.time.Duration;

/** Who is told how a build goes. Progress comes from another thread than the rest. */
public interface BuildReport {
    void say(String line);

    void warn(String line);

    /**
     * Make has begun another step.
     *
     * @param doing what it does, such as {@code CC fs/ext4/inode.o}
     * @param steps how many there have been
     * @param elapsed since make was started
     */
    void step(String doing, long steps, Duration elapsed);

    /** A time as people say it, such as {@code 19m 10s}: whole seconds, and no unit that is not needed. */
    static String time(Duration elapsed) {
        StringBuilder text = new StringBuilder();
        if (elapsed.toHours() > 0) {
            text.append(elapsed.toHours()).append("h ");
        }
        if (elapsed.toMinutes() > 0) {
            text.append(elapsed.toMinutesPart()).append("m ");
        }
        return text.append(elapsed.toSecondsPart()).append('s').toString();
    }
}
