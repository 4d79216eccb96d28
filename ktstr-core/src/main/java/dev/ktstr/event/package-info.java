/**
 * What ktstr tells its host while it works. Core has no logging facade: a front end turns events into Maven log lines,
 * JUnit report entries or nothing. Without a sink of its own a caller gets warnings through {@link System.Logger}.
 */
@NullMarked
package dev.ktstr.event;

import org.jspecify.annotations.NullMarked;
