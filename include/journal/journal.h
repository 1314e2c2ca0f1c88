/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps every access with an end over a crash, a restart or a reboot: an append-only file of checksummed
 * lines in the state directory. Appending never waits for the disk: a thread syncs within
 * JOURNAL_SYNC_MSEC. A journal that cannot be written is a warning now and then, never a closed door: the
 * daemon goes on, and completes the file as soon as it can be written again.
 *
 * On opening, torn and damaged lines are dropped with a warning. All others are kept, since each has its
 * own checksum: a lost access leaves a door open, while a lost end closes a door twice. If lines other than
 * a torn last one are damaged, if none is good, or if the version is unknown, the old file is kept as
 * "journal.bad", replacing an older one.
 *
 * Within one boot the boot clock alone decides when an access ends. After a reboot the wall clock decides,
 * but leaves an access no more time than it had when its line was written: a machine whose clock restarts
 * in 1970 keeps no door open for decades.
 */
#ifndef KNOCKD_JOURNAL_H
#define KNOCKD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "journal/entry.h"

#define JOURNAL_SYNC_MSEC 1000
#define JOURNAL_WARN_MSEC 60000 /* between two warnings about a lasting failure */

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
 * Gets one finished line about a failure, or about its end. Called only from within the functions below,
 * never from the journal's thread.
 */
typedef void journal_warn(void *arg, const char *text);

/*
 * Opens "DIR/journal", if nobody but root and `owner` can change it, its directory, or which directory that is: what is
 * in it leads to commands (mode 0640; the directory is made, 0750, if only its last part is missing), locks
 * the directory against a second instance, reports the open accesses to `found`, and compacts the file.
 * On failure NULL with errno (EBUSY: a second instance runs), after one line through `warn`; the caller
 * goes on without a journal. A full or read-only disk is no failure: the file is written later. `warn` and
 * `arg` stay in use. Lines appended before journal_start() are not synced until then.
 */
struct journal *journal_prepare(const char *dir, uid_t owner, journal_found *found, journal_warn *warn, void *arg);

/*
 * Starts the thread that syncs, with every signal blocked. To be called after the process went to the background and
 * dropped privileges, so that the thread inherits the reduced set. A child made by fork() must not call any of these
 * functions. 0, or -1 with errno after a line through `warn`; NULL is legal.
 */
int journal_start(struct journal *journal);

/* Syncs pending lines and closes. NULL is legal, here and below: no journal. */
void journal_close(struct journal *journal);

/*
 * From journal_hold() to journal_release() lines may stay in memory, and go to the file many at a time: for a caller
 * that appends many lines without sleeping and confirms no access before the release. Not for commands, which would
 * start before their lines are written. If the process is killed in between, the held lines are lost.
 */
void journal_hold(struct journal *journal);
void journal_release(struct journal *journal);

/*
 * Appends the beginning of an access; sets and returns entry->id. 0: not kept, for lack of a journal or,
 * after a line through `warn`, of memory. The entry and its strings stay the caller's.
 */
uint64_t journal_add(struct journal *journal, struct journal_entry *entry);

/* Appends a new end of the access with this id. Unknown ids and 0 are ignored. */
void journal_move(struct journal *journal, uint64_t id, struct moment end);

/* Appends that the access has ended. */
void journal_end(struct journal *journal, uint64_t id);

/* Waits until every line is on the disk. 0, or -1 with errno: they are not. NULL: -1. */
int journal_sync(struct journal *journal);

/* Is this access in the file? Writes held lines first. False without a journal, or if the write failed. */
bool journal_keeps(struct journal *journal, uint64_t id);

/*
 * Has the journal known every access of the run before? False without a file from it, with a damaged one, and if
 * `found` has not taken over all.
 */
bool journal_is_complete(const struct journal *journal);

/*
 * For poll(2): readable when the thread has something to warn of, at first or again after a minute;
 * journal_report() then warns. -1 without a journal, which poll(2) ignores.
 */
int journal_fd(const struct journal *journal);
void journal_report(struct journal *journal);

#endif
