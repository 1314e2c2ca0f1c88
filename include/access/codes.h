/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-time codes of authenticator apps: at the end of a sequence (`sequence = 7000,8000,40000:totp`), and beside a key
 * (option `totp` of its line). Holds the users' secrets, and the time steps that have been used.
 *
 * The secrets stay with this process: the kernel wipes them from the memory of a child, so an engine that an attacker
 * has taken over does not have them. Of a million codes three per user count at a time. So wrong ones are limited here,
 * where the engine cannot lift the limit: `code_tries` at once for a door, then one in each step of time. A code counts
 * once, and no code of a step up to the last used one, or up to that of the daemon's start, counts any more: what was
 * used before the start may be lost.
 */
#ifndef KNOCKD_CODES_H
#define KNOCKD_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "access/ask.h"
#include "conf/conf.h"
#include "journal/journal.h"
#include "lib/log.h"
#include "wire/event.h"

#define CODES_WINDOW 1 /* steps by which the clocks may differ: the app's may be half a minute to a minute off */

struct codes;

struct codes *codes_new(const struct log *log); /* `log` is borrowed. NULL with errno when memory is out */
void codes_free(struct codes *codes);           /* NULL is legal */

/* Is the JOURNAL_COUNTER entry one of ours? Then codes_take_up() takes it over. False: it is malformed. */
bool codes_is_entry(const struct journal_entry *entry);
bool codes_take_up(struct codes *codes, const struct journal_entry *entry);

/* After the last codes_take_up(): keeps the used steps in this journal, which may be NULL; borrowed. */
void codes_keep_in(struct codes *codes, struct journal *journal);

/* Tells other gateways the codes that are used from now on; borrowed. */
struct sharing;
void codes_share(struct codes *codes, struct sharing *sharing);

/*
 * Another gateway has accepted a code: of the secret with this id, none up to this step counts. False: nobody has that
 * secret here.
 */
bool codes_heard(struct codes *codes, const uint8_t id[static ASK_KEY_LEN], uint64_t step);

/*
 * Reads the secrets, "USER BASE32" a line, from `fd`, which it closes; fd -1: it could not be opened, with errno. The
 * file must belong to root or `owner`, and be readable by nobody else. Logs errors; a line with one does not count, the
 * others do. A file that cannot be read at all leaves the secrets as they were: 0, or -1.
 */
int codes_read(struct codes *codes, int fd, uid_t owner, const struct conf *conf);

/* May the sequence with this code (EVENT_CODE) open its door? Logs a refusal, within a limit. Fills the user of `ask`.
 */
bool codes_open(struct codes *codes, const struct conf *conf, const struct event *event, struct ask *ask);

/* Is this the user's code, which came with a signed knock? NULL, or the reason against. */
const char *codes_confirm(struct codes *codes, const struct conf *conf, const char *user, uint32_t code,
			  const struct addr *ip);

#endif
