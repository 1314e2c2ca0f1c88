/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has knocked with a signature or a code, and what a signed knock asks for; the door does the rest. */
#ifndef KNOCKD_ASK_H
#define KNOCKD_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/door.h"
#include "lib/seq.h"

#define ASK_KEY_LEN  8  /* KNOCK1_ID_LEN of signed/knock1.h */
#define ASK_USER_MAX 64 /* with its NUL: AUTHORIZED_USER_MAX of signed/authorized.h */

struct ask {
	char user[ASK_USER_MAX];
	uint8_t key[ASK_KEY_LEN]; /* id of the key, or of the code's secret */
	uint64_t counter;
	uint64_t reset;         /* the reset that has taken this counter back, see replay.h; 0: none */
	uint64_t time_ms;       /* how long; 0: as the door has it */
	struct knock_port port; /* the port asked for; 0: none */
	bool by_code;           /* the user's one-time code ended the sequence: no signed knock, nothing is asked for */
	struct seq ports;       /* without one: the ports of `open` that the user may have; n 0: all */
};

/* Is the port of `open` one that is to be opened? `ask` may be NULL: all are. */
bool ask_opens(const struct ask *ask, const struct knock_port *port);

/*
 * How long an element, or the time before a stop command, is to be, if its own time is `own_ms` (0: none): 0 for that.
 * It is longer than its own time only if the door has Max_Time.
 */
uint64_t ask_time(const struct ask *ask, const struct door *door, uint64_t own_ms);

/* The comment of an element: the door, and the user of a signed knock (or NULL). Returns `buf`. */
const char *ask_comment(const char *door, const char *user, char buf[static ELEMENT_COMMENT_MAX]);

#endif
