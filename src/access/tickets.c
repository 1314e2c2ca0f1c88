/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tickets.h"

#include <string.h>

#include "lib/moment.h"

struct ticket *
tickets_find(struct sharing *s, uint64_t ticket)
{
	for (size_t i = 0; i < TICKETS_MAX; i++)
		if (s->tickets[i].ticket == ticket)
			return &s->tickets[i];
	return NULL;
}

/* `seq` 0: the next number. False: not sent. */
bool
tickets_hello(struct sharing *s, uint64_t seq)
{
	struct ticket *p = tickets_find(s, 0);
	struct notice n = group_hello(s);
	struct share_message m;

	group_seal(s, &n, seq ? seq : s->seq + 1, &m);
	if (seq)
		p = NULL;
	m.ticket = p ? s->next_ticket : 0;
	if (!group_post(s, &m))
		return false;
	if (p)
		*p = (struct ticket){ .ticket = s->next_ticket++, .sent_us = moment_steady_usec() };
	s->seq += !seq;
	if (!s->met) {
		s->met = n.hlc;
		s->met_at = moment_boot_msec();
	}
	return true;
}

static void
remember_claim(struct sharing *s, const struct ticket *p)
{
	struct known_access *a;

	if (p->notice.kind == NOTICE_HELLO)
		return;
	a = group_know(s, &p->notice, group_end_of(p->notice.left_ms));
	if (!a)
		return;
	a->applied = true;
	a->seen = s->reading;
}

/* Once more, with a later time than that of the record that was there: this gateway has heard of it meanwhile. */
static bool
claim_again(struct sharing *s, struct ticket *p)
{
	if (p->retried)
		return false;
	p->retried = true;
	p->notice.hlc = hlc_next(&s->hlc, moment_now());
	p->message.hlc = p->notice.hlc;
	p->notice.seq = s->seq + 1;
	seal_notice(s->keys, &p->notice, &p->message);
	if (!group_post(s, &p->message))
		return false;
	s->seq++;
	return true;
}

static void
count_claim(struct sharing *s, enum share_answer answer)
{
	switch (answer) {
	case SHARE_YES:
		s->counts.claims_yes++;
		break;
	case SHARE_OLDER:
	case SHARE_REPEAT:
		s->counts.claims_no++;
		break;
	case SHARE_UNKNOWN:
		s->counts.claims_unknown++;
		break;
	}
}

/* Undoes what the server may have done: the client has no access, or the one that it had before. */
static void
undo(struct sharing *s, const struct notice *claimed)
{
	const struct known_access *before = known_find(&s->known, claimed);
	uint64_t now = moment_boot_msec(), end = group_end_of(claimed->left_ms ? claimed->left_ms : KNOWN_TOMB_MAX_MS);
	struct notice n = *claimed;

	if (n.kind != NOTICE_GRANT) /* what was used stays so */
		return;
	n.kind = NOTICE_REVOKE;
	if (before && before->notice.kind == NOTICE_GRANT && before->end > now) {
		n = before->notice;
		end = before->end;
	}
	n.author = s->origin;
	n.hlc = hlc_next(&s->hlc, moment_now());
	group_tell(s, &n, end == UINT64_MAX ? 0 : end - now);
}

void
tickets_answer(struct sharing *s, uint64_t ticket, enum share_answer answer)
{
	struct ticket *p = tickets_find(s, ticket), done;

	if (!p)
		return; /* it was given up */
	if (!p->is_claim) {
		s->counts.rtt_us = moment_steady_usec() - p->sent_us;
		p->ticket = 0;
		return;
	}
	if (answer != SHARE_YES && answer != SHARE_UNKNOWN)
		tickets_hello(s, p->notice.seq); /* the others have not got this number */
	if (answer == SHARE_OLDER && claim_again(s, p))
		return;
	done = *p;
	p->ticket = 0;
	count_claim(s, answer);
	if (answer == SHARE_YES)
		remember_claim(s, &done);
	else if (answer == SHARE_UNKNOWN)
		undo(s, &done.notice);
	s->owner.answer(s->owner.arg, ticket, answer);
}

void
tickets_give_up(struct sharing *s, uint64_t ticket)
{
	struct ticket *p = tickets_find(s, ticket);

	if (!p || !ticket)
		return;
	p->ticket = 0;
	count_claim(s, SHARE_UNKNOWN);
	undo(s, &p->notice);
}

void
tickets_forget(struct sharing *s)
{
	for (size_t i = 0; i < TICKETS_MAX; i++)
		if (s->tickets[i].ticket)
			tickets_answer(s, s->tickets[i].ticket, SHARE_UNKNOWN);
}
