/**
 * CPUs for oneself on a machine that others use, too: reservations by {@code flock(2)} on files that all users of the machine
 * share, in the directory and by the names that the original has.
 *
 * <pre>
 * &lt;lock directory&gt;/ktstr-llc-&lt;N&gt;.lock   the CPUs that share last-level cache N
 * &lt;lock directory&gt;/ktstr-cpu-&lt;C&gt;.lock   CPU C
 * </pre>
 *
 * <table>
 * <caption>What is locked</caption>
 * <tr><th>to have</th><th>caches</th><th>CPUs</th></tr>
 * <tr><td>{@link dev.ktstr.host.HostResources#reserveLlcs whole caches}</td><td>exclusive</td><td>covered by their cache</td></tr>
 * <tr><td>{@link dev.ktstr.host.HostResources#reserveCpus CPUs}</td><td>shared</td><td>exclusive</td></tr>
 * <tr><td>{@link dev.ktstr.host.HostResources#reserveShare a share}, for builds</td><td>shared</td><td>none</td></tr>
 * </table>
 *
 * <p>All of it is taken, or nothing; whoever waits holds nothing. These locks are the innermost: whoever has reserved
 * something waits for no kernel, no disk template and no source tree.
 *
 * <p>The locks are advice to others who reserve, they keep no process away. Nor does a reservation move anything by itself:
 * {@link dev.ktstr.host.Reservation#confine} has a program run on what was reserved.
 */
@NullMarked
package dev.ktstr.host;

import org.jspecify.annotations.NullMarked;
