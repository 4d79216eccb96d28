package dev.ktstr.event;

import dev.ktstr.Printable;

/** Where events go. Called on the thread that works, possibly on several at once; must not throw. */
@FunctionalInterface
public interface EventSink {
    void accept(KtstrEvent event);

    /** Warnings to the {@link System.Logger} named {@code dev.ktstr}, waiting at level info, the rest at debug. */
    static EventSink logging() {
        System.Logger logger = System.getLogger("dev.ktstr");
        return event -> {
            String message = Printable.lines(event.message());
            if (event.isWarning()) {
                logger.log(System.Logger.Level.WARNING, message);
            } else if (event instanceof KtstrEvent.Waiting) {
                logger.log(System.Logger.Level.INFO, message);
            } else {
                logger.log(System.Logger.Level.DEBUG, message);
            }
        };
    }
}
