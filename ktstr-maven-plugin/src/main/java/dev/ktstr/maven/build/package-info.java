/**
 * Building a kernel from its source tree: {@link dev.ktstr.maven.build.KernelBuild} takes the tree's lock, configures, runs
 * make and stores what came of it.
 *
 * <pre>
 *   the tree's .config, else make defconfig
 *   + common.config, ARCH.config     what virtual machines need; resources of this package
 *   + the user's fragment            wins
 *   make olddefconfig                then every option that was asked for is looked for in the outcome
 *   make -jN all                     N: the processors that were reserved, and given back before anything is stored
 * </pre>
 *
 * <p>Only what a commit says can be found again by its commit: a tree with changes, or without git, is built, and not stored.
 */
@NullMarked
package dev.ktstr.maven.build;

import org.jspecify.annotations.NullMarked;
