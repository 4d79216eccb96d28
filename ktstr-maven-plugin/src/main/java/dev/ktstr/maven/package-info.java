/**
 * The goals. Each parses its parameters, calls the kernel store and says what came of it; everything else is in
 * {@code ktstr-core}.
 */
@NullMarked
package dev.ktstr.maven;

import org.jspecify.annotations.NullMarked;
