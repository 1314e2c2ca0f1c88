/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link to the other gateways of the group. */
#include "doctor.h"

static long long
number_of(const json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static void
look_at_link(struct doctor *d)
{
	const json_t *self = json_array_get(d->peers, 0);
	size_t others = json_array_size(d->peers) - 1;

	if (!json_is_true(json_object_get(self, "up")))
		doctor_bad(d, "journalctl -u knockd", "the link to the other gateways is down: %s",
			   doctor_text(self, "server"));
	else if (!others)
		doctor_bad(d, "knockctl peers",
			   "%s answers, but no other gateway was heard of: are Share, Share_Name and Share_Key the "
			   "same there?",
			   doctor_text(self, "server"));
	else
		doctor_good(d, "%zu other gateway%s, through %s", others, others == 1 ? "" : "s",
			    doctor_text(self, "server"));
}

static void
look_at_seals(struct doctor *d)
{
	long long bad = number_of(d->stats, "share_bad_seals");

	if (bad)
		doctor_bad(d, "cksum FILE, at each gateway, FILE being Share_Key",
			   "%lld records have not the seal of the group's key: a gateway has another key, or another "
			   "program writes to the server",
			   bad);
}

void
doctor_share(struct doctor *d)
{
	if (json_array_size(d->peers)) {
		look_at_link(d);
		look_at_seals(d);
	} else if (d->stats && d->conf && d->conf->share.engine) {
		doctor_bad(d, "knockctl reload", "Share is in %s, but the daemon is on its own", d->path);
	}
}
