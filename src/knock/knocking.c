/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "knocking.h"

#include <errno.h>
#include <string.h>

#define SECONDS_IN_LEAD 3 /* hits on the second port: two are needed, and one may be lost */

static const enum lead leads[] = { LEAD_NONE, LEAD_SECOND, LEAD_SECOND, LEAD_FIRST, LEAD_SECOND, LEAD_SECOND };

#define LEADS (sizeof(leads) / sizeof(*leads))

static bool
same_hit(const struct hit *a, const struct hit *b)
{
	return a->port == b->port && a->proto == b->proto;
}

static enum lead
choose_lead(const struct hits *hits, unsigned nth)
{
	enum lead lead = leads[nth % LEADS];

	if (hits->n < 2 || hits->at[hits->n - 1].signer) /* knockd 0.8 knows no signed knocks */
		return LEAD_NONE;
	if (lead == LEAD_SECOND && (hits->n < 3 || same_hit(&hits->at[0], &hits->at[1])))
		return LEAD_NONE;
	return lead;
}

void
round_start(struct round *round, const struct knocking *k, unsigned nth)
{
	*round = (struct round){ .nth = nth, .lead = choose_lead(k->hits, nth) };
}

static void
send_lead(struct round *round, const struct knocking *k, const struct place *place)
{
	size_t port = round->lead == LEAD_SECOND, n = round->lead == LEAD_SECOND ? SECONDS_IN_LEAD : 1;

	for (size_t i = 0; i < n; i++)
		hit_send(&k->hits->at[port], place, k->origin);
	round->led = true;
}

static void
show(const struct round *round, const struct knocking *k, const struct place *place)
{
	if (round->nth == 0)
		hit_show(k->verbose, k->hits, round->next, place);
	else if (round->next == 0 && !round->led)
		fprintf(k->verbose, "knocking again at %s (%u)\n", place->text, round->nth + 1);
	fflush(k->verbose);
}

static void
send_hit(struct round *round, const struct knocking *k, const struct place *place)
{
	if (hit_send(&k->hits->at[round->next++], place, k->origin) == 0) {
		round->sent++;
		return;
	}
	round->failed = errno;
	if (k->verbose && round->nth == 0)
		fprintf(stderr, "knock: %s: %s\n", place->text, strerror(round->failed));
}

bool
round_hit(struct round *round, const struct knocking *k, const struct place *place)
{
	if (k->verbose)
		show(round, k, place);
	if (round->lead != LEAD_NONE && !round->led)
		send_lead(round, k, place);
	else
		send_hit(round, k, place);
	return round->next == k->hits->n;
}
