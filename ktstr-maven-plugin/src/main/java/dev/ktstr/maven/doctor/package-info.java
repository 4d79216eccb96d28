/**
 * What this machine can do for ktstr, found out by doing it. Each group of checks is one class, which adds what it finds to
 * {@link dev.ktstr.maven.doctor.Findings}; a check that fails in a way that nobody thought of is a finding, too. Nothing is left
 * behind: whatever needs a place to be tried in gets a directory that goes with the examination.
 */
@NullMarked
package dev.ktstr.maven.doctor;

import org.jspecify.annotations.NullMarked;
