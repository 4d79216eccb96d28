/**
 * The place of the JUnit Jupiter extension: one annotation that holds a stored kernel under a shared lock for as long
 * as a test uses it. It holds no types yet; until it does, a test takes a lease from the kernel store in
 * {@code ktstr-core} itself.
 */
@NullMarked
package dev.ktstr.junit;

import org.jspecify.annotations.NullMarked;
