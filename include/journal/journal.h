/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must not be forgotten over a crash, a restart or a reboot: every access that has an end. An
 * append-only file of checksummed lines in the state directory. Appending never waits for the disk: a
 * thread syncs within JOURNAL_SYNC_MSEC. A journal that cannot be written is a warning now and then, never
 * a closed door: the daemon goes on, and the file is made complete as soon as it can be written again.
 *
 * When it is opened, lines that are torn or damaged are dropped and warned of. What precedes them is kept,
 * and so is what follows, since each line has its own checksum: an access forgotten is a door left open,
 * while an end forgotten closes a door twice. Unless it was just the last line that was torn, and also when
 * the format is of another version, the old file is kept as "journal.bad", replacing an older one.
 *
 * Within one boot the boot clock decides when an access ends, and nothing else. After a reboot it is what
 * the wall clock says, but never more than was left when the file was last written, so a machine that
 * wakes up in 1970 keeps no door open for decades.
 */
#ifndef KNOCKD_JOURNAL_H
#define KNOCKD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "journal/entry.h"

#define JOURNAL_SYNC_MSEC 1000
#define JOURNAL_WARN_MSEC 60000 /* between two lines about the same trouble */

struct journal;

/*
 * Called for each access that had not ended when the file was last written, in the order they began;
 * `entry` and its strings are valid during the call. `end` is given for this boot: after a reboot its
 * boot_ms is computed from the wall clock, in the same one its wall_ms from the boot clock. It may be past,
 * but boot_ms is never negative. False: the caller does not take it over, and the journal forgets it; the old file is
 * then kept as "journal.bad", too.
 */
typedef bool journal_found(void *arg, const struct journal_entry *entry);

/*
 * Takes one finished line about a problem that did not stop the journal, or its end. Always called from
 * within one of the functions below, never from the journal's thread.
 */
typedef void journal_warn(void *arg, const char *text);

/*
 * Opens "DIR/journal", if nobody but root and `owner` can change it, its directory, or which directory that is: what is
 * in it leads to commands (mode 0640; the directory is made, 0750, if only its last part is missing), locks
 * the directory against a second instance, hands over what is open, and compacts the file. NULL with
 * errno (EBUSY: there is a second instance), and one line through `warn`, when it cannot be had; the caller
 * then goes on without. On a full or read-only disk it is handed over all the same, and written when that
 * is possible. `warn` and `arg` stay in use. Nothing is synced before journal_start().
 */
struct journal *journal_prepare(const char *dir, uid_t owner, journal_found *found, journal_warn *warn, void *arg);

/*
 * Starts the thread that syncs, with every signal blocked: to be called after the process went to the background and
 * gave up what it does not need. A child made by fork() calls none of these functions. 0, or -1 with errno after a
 * line through `warn`; NULL is legal.
 */
int journal_start(struct journal *journal);

/* Syncs what is pending and closes. NULL is legal, here and below: nothing is kept then. */
void journal_close(struct journal *journal);

/*
 * From journal_hold() to journal_release() lines may stay in memory, and go to the file many at a time: for who says a
 * lot at once, does not sleep meanwhile, and promises nobody anything before it has released them. Not for commands,
 * which run while they are held. A process that is killed in between has not written them.
 */
void journal_hold(struct journal *journal);
void journal_release(struct journal *journal);

/*
 * Appends the beginning of an access; sets and returns entry->id. 0: not kept, because there is no journal
 * or, after a line through `warn`, no memory. The entry and its strings stay the caller's.
 */
uint64_t journal_add(struct journal *journal, struct journal_entry *entry);

/* Appends that the access with this id ends at another moment. Ids that are not known, or 0, are ignored. */
void journal_move(struct journal *journal, uint64_t id, struct moment end);

/* Appends that it is over. */
void journal_end(struct journal *journal, uint64_t id);

/* Is this access in the file? Not without a journal, and not if it could not be written since. Writes what is held. */
bool journal_keeps(struct journal *journal, uint64_t id);

/*
 * For poll(2): readable when there is something to warn of that the thread found, or again after a minute;
 * journal_report() then does it. -1 without a journal, which poll(2) ignores.
 */
int journal_fd(const struct journal *journal);
void journal_report(struct journal *journal);

#endif
