/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the server of the group that are under way. */
#ifndef KNOCKD_TICKETS_H
#define KNOCKD_TICKETS_H

#include "group.h"

/* The one with this ticket; 0: a free place. NULL: none. */
struct ticket *tickets_find(struct sharing *s, uint64_t ticket);

/* Says that this gateway is there, with this number (0: the next one), and measures the round trip. False: not sent. */
bool tickets_hello(struct sharing *s, uint64_t seq);

/* Takes an answer; one that was given up is ignored. */
void tickets_answer(struct sharing *s, uint64_t ticket, enum share_answer answer);

/* Nobody waits for the answer any more: undoes what the server may have done. */
void tickets_give_up(struct sharing *s, uint64_t ticket);

/* No answer comes any more. */
void tickets_forget(struct sharing *s);

#endif
