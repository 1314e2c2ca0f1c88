/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces, the NFLOG group or the queues, and the hits that came through them. */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"

/* ---- interfaces ---------------------------------------------------------------------------------------- */

static bool
has_altname(const json_t *link, const char *name)
{
	const json_t *names = json_object_get(link, "altnames");

	for (size_t i = 0; i < json_array_size(names); i++)
		if (!strcmp(json_string_value(json_array_get(names, i)), name))
			return true;
	return false;
}

static const json_t *
find_link(const struct doctor *d, const char *name, bool by_altname)
{
	for (size_t i = 0; i < json_array_size(d->links); i++) {
		const json_t *link = json_array_get(d->links, i);

		if (by_altname ? has_altname(link, name) : !strcmp(doctor_text(link, "ifname"), name))
			return link;
	}
	return NULL;
}

/* The kernel shows packets at the interface above, and nft sees only that name. */
static void
check_master(struct doctor *d, const char *name, const json_t *link)
{
	const char *master = doctor_text(link, "master");
	const char *kind = doctor_text(json_object_get(link, "linkinfo"), "info_slave_kind");
	char remedy[128];

	snprintf(remedy, sizeof(remedy), "Interface = %s", master);
	if (*master && (!strcmp(kind, "bridge") || !strcmp(kind, "bond") || !strcmp(kind, "team")))
		doctor_bad(d, remedy, "%s is a port of the %s %s: its packets arrive there", name, kind, master);
	else if (!strcmp(doctor_text(link, "operstate"), "DOWN"))
		doctor_bad(d, NULL, "the interface %s is down", name);
	else if (*master && !strcmp(kind, "vrf"))
		doctor_good(d, "the interface %s is there, in the VRF %s", name, master);
	else
		doctor_good(d, "the interface %s is there", name);
}

static void
check_link(struct doctor *d, const char *name)
{
	const json_t *link = find_link(d, name, false), *other = find_link(d, name, true);
	char remedy[128];

	if (strchr(name, '*') || !d->links)
		return;
	if (link) {
		check_master(d, name, link);
	} else if (other) {
		snprintf(remedy, sizeof(remedy), "Interface = %s", doctor_text(other, "ifname"));
		doctor_bad(d, remedy, "%s is another name of the interface %s, which nft does not know", name,
			   doctor_text(other, "ifname"));
	} else {
		doctor_bad(d, "ip link", "there is no interface %s", name);
	}
}

void
doctor_links(struct doctor *d)
{
	static const char *const argv[] = { "ip", "-j", "-d", "link", NULL };

	if (!d->conf || !d->conf->n_interfaces)
		return;
	d->links = doctor_run(argv);
	if (!d->links)
		doctor_bad(d, NULL, "\"ip -j -d link\" gives no answer, so the interfaces are not looked at");
	for (size_t i = 0; i < d->conf->n_interfaces; i++)
		check_link(d, d->conf->interfaces[i]);
}

/* ---- the group ------------------------------------------------------------------------------------------ */

/* The first number of a line of this file in /proc/net/netfilter is the group's, or the queue's. */
static bool
is_bound(const char *path, unsigned number)
{
	FILE *file = fopen(path, "re");
	char line[256];
	unsigned found;
	bool bound = false;

	while (file && !bound && fgets(line, sizeof(line), file))
		bound = sscanf(line, "%u", &found) == 1 && found == number;
	if (file)
		fclose(file);
	return bound;
}

static json_int_t
number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void
check_losses(struct doctor *d)
{
	json_int_t lost = number_of(d->stats, "lost"), restarts = number_of(d->stats, "engine_restarts");

	if (lost)
		doctor_bad(d, "Source_Rate = 100",
			   "%" JSON_INTEGER_FORMAT " packets were lost: more came than the daemon could read", lost);
	if (restarts)
		doctor_bad(d, "journalctl -u knockd", "the engine had to be replaced %" JSON_INTEGER_FORMAT " times",
			   restarts);
}

void
doctor_group(struct doctor *d)
{
	bool queued = d->conf && d->conf->capture == CONF_CAPTURE_NFQUEUE;
	unsigned number = !d->conf ? 0 : queued ? d->conf->queue_num : d->conf->nflog_group;
	const char *what = queued ? "NFQUEUE queue" : "NFLOG group";

	if (!d->conf)
		return;
	if (is_bound(queued ? "/proc/net/netfilter/nfnetlink_queue" : "/proc/net/netfilter/nfnetlink_log", number))
		doctor_good(d, "a process reads %s %u", what, number);
	else if (!geteuid()) /* other users cannot see that */
		doctor_bad(d, "systemctl restart knockd", "no process reads %s %u", what, number);
	check_losses(d);
}

/* ---- hits ----------------------------------------------------------------------------------------------- */

static const json_t *
answer_of(const struct doctor *d, const char *name)
{
	for (size_t i = 0; i < json_array_size(d->doors); i++)
		if (!strcmp(doctor_text(json_array_get(d->doors, i), "name"), name))
			return json_array_get(d->doors, i);
	return NULL;
}

static const char *
ago(json_int_t ms, char buf[static 64])
{
	long long seconds = (long long)time(NULL) - ms / 1000;

	if (seconds < 120)
		snprintf(buf, 64, "%lld seconds ago", seconds < 0 ? 0 : seconds);
	else if (seconds < 7200)
		snprintf(buf, 64, "%lld minutes ago", seconds / 60);
	else
		snprintf(buf, 64, "%lld hours ago", seconds / 3600);
	return buf;
}

/* Of signed knocks the daemon counts no hits for a door, but all that come. */
static void
tell_no_hit(struct doctor *d, const struct door *door, const json_t *stats)
{
	bool is_signed = seq_auth(&door->seq);
	json_int_t refused = number_of(stats, "signed_refused"), garbage = number_of(d->stats, "signed_garbage");
	json_int_t elsewhere = number_of(d->stats, "signed_refused");

	if (is_signed && refused)
		doctor_bad(d, "journalctl -u knockd",
			   "[%s] was not opened, though signed knocks have come (%" JSON_INTEGER_FORMAT
			   "): the log says why they were refused",
			   door->name, refused);
	else if (is_signed && elsewhere)
		doctor_bad(d, "journalctl -u knockd",
			   "[%s] no signed knock has come; others were refused (%" JSON_INTEGER_FORMAT
			   "): does the client name this door?",
			   door->name, elsewhere);
	else if (is_signed && garbage)
		doctor_bad(d, "knockctl enrol USER <id_ed25519.pub",
			   "[%s] datagrams to ports of signed knocks were none (%" JSON_INTEGER_FORMAT
			   "): has the client the line of another key?",
			   door->name, garbage);
	else
		doctor_bad(d, "tcpdump -nni any host CLIENT",
			   "[%s] no packet of a knock has come since the start: does the client send to this machine?",
			   door->name);
}

static void
check_hits(struct doctor *d, const struct door *door, const json_t *stats)
{
	json_int_t hits = number_of(stats, "hits"), openings = number_of(stats, "openings");
	json_int_t stage = number_of(stats, "last_hit_stage"), refused = number_of(stats, "refused");
	char when[64];

	if (!json_object_get(stats, "hits"))
		return; /* not root */
	if (refused)
		doctor_bad(d, "journalctl -u knockd",
			   "[%s] %" JSON_INTEGER_FORMAT " openings were refused: the log says why", door->name,
			   refused);
	if (openings == 1)
		doctor_good(d, "[%s] was opened once, %s", door->name, ago(number_of(stats, "last_opening_ms"), when));
	else if (openings)
		doctor_good(d, "[%s] was opened %" JSON_INTEGER_FORMAT " times, the last time %s", door->name, openings,
			    ago(number_of(stats, "last_opening_ms"), when));
	else if (!hits)
		tell_no_hit(d, door, stats);
	if (hits && stage && (size_t)stage < door->seq.n)
		doctor_bad(d, "knockctl watch",
			   "[%s] the last knock, %s, ended after packet %" JSON_INTEGER_FORMAT
			   " of %zu (%" JSON_INTEGER_FORMAT " knocks ran out of time, %" JSON_INTEGER_FORMAT
			   " were scans)",
			   door->name, ago(number_of(stats, "last_hit_ms"), when), stage, door->seq.n,
			   number_of(stats, "timeouts"), number_of(stats, "scans"));
}

void
doctor_hits(struct doctor *d)
{
	for (size_t i = 0; d->conf && i < d->conf->n_doors; i++) {
		const struct door *door = &d->conf->doors[i];
		const json_t *stats = answer_of(d, door->name);

		if (!doctor_wants(d, door) || !d->doors)
			continue;
		if (!stats)
			doctor_bad(d, "knockctl reload", "[%s] is in the file, but the daemon does not know it",
				   door->name);
		else if (!json_is_true(json_object_get(stats, "enabled")))
			doctor_bad(d, NULL, "[%s] is disabled: its one-time sequences are used up", door->name);
		else
			check_hits(d, door, stats);
	}
}
