/**
 * How anything becomes visible in a store, or stops being so: the one protocol.
 *
 * <pre>
 * &lt;root&gt;/&lt;key&gt;/                  an entry
 * &lt;root&gt;/.tmp-&lt;key&gt;-&lt;pid&gt;.&lt;8 hex&gt;/   staging: an entry on its way in, or on its way out
 * &lt;root&gt;/.locks/&lt;key&gt;.lock        its lock, never deleted
 * &lt;root&gt;/.locks/holders/            who holds which, see dev.ktstr.lock
 * </pre>
 *
 * <p>A writer takes the key's lock exclusive <em>before</em> there is a staging directory and gives it back after there
 * is none. So a staging directory of key K is debris exactly when somebody else gets K's lock; pids in names are for
 * people and are never probed, because they lie across containers and after reuse.
 *
 * <p>Everything written is forced to disk before one {@code rename} or {@code RENAME_EXCHANGE} makes it visible, and the
 * root is forced after it. Whoever looks up finds the old entry, the new one, or none, also after a power cut; and when
 * a call here has returned, what it did lasts.
 */
@NullMarked
package dev.ktstr.publish;

import org.jspecify.annotations.NullMarked;
