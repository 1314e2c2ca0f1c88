/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conffile.h"
#include "ctl.h"
#include "ctl_link.h"
#include "ctl_progress.h"
#include "doctor.h"
#include "lib/streams.h"

/* ---- the daemon's answers ------------------------------------------------------------------------------ */

/* NULL: an error. */
static json_t *
ask(struct ctl_link *link, const char *request)
{
	char err[128];

	ctl_link_ask(link, request);
	return ctl_link_all(link, err, sizeof(err));
}

/* The only object of an answer. */
static json_t *
ask_one(struct ctl_link *link, const char *request)
{
	json_t *all = ask(link, request), *one = json_incref(json_array_get(all, 0));

	json_decref(all);
	return one;
}

static void
look_at_daemon(struct doctor *d, const char *socket)
{
	struct ctl_link link;

	if (ctl_link_open(&link, socket)) {
		if (errno == EACCES)
			doctor_bad(d, NULL, "knockd is not asked: %s: %s", socket, strerror(errno));
		else
			doctor_bad(d, "systemctl start knockd", "no knockd listens at %s: %s", socket, strerror(errno));
		return;
	}
	d->status = ask_one(&link, "status");
	d->stats = d->status ? ask_one(&link, "stats") : NULL;
	d->doors = d->stats ? ask(&link, "doors") : NULL;
	d->peers = d->stats && json_object_get(d->stats, "share_up") ? ask(&link, "peers") : NULL;
	ctl_link_close(&link);
	if (d->doors)
		doctor_good(d, "knockd runs, as process %lld",
			    (long long)json_integer_value(json_object_get(d->status, "pid")));
	else
		doctor_bad(d, "systemctl restart knockd", "knockd does not answer at %s", socket);
}

/* ---- the file ------------------------------------------------------------------------------------------ */

/* conf_report */
static void
hear(void *arg, enum conf_severity severity, const char *text)
{
	if (severity != CONF_DEBUG)
		doctor_bad(arg, NULL, "%s", text);
}

static void
look_at_file(struct doctor *d, const struct ctl_options *options)
{
	const char *path = doctor_text(d->status, "config");

	d->path = *path ? path : options->file;
	d->conf = conffile_read(d->path, NULL, hear, d);
	if (d->conf)
		doctor_good(d, "%s has no error", d->path);
	if (d->conf && d->doors && json_array_size(d->doors) != d->conf->n_doors)
		doctor_bad(d, "knockctl reload", "%s has changed since knockd has read it", d->path);
}

static void
look_at_ruleset(struct doctor *d)
{
	static const char *const argv[] = { "nft", "-j", "-t", "list", "ruleset", NULL };
	json_t *answer = doctor_run(argv);

	d->ruleset = json_incref(json_object_get(answer, "nftables"));
	json_decref(answer);
	if (!d->ruleset && !geteuid())
		doctor_bad(d, "apt-get install nftables",
			   "\"nft -j list ruleset\" gives no answer, so rules and sets are not looked at");
}

static bool
is_door(const struct doctor *d)
{
	for (size_t i = 0; d->conf && d->only && i < d->conf->n_doors; i++)
		if (!strcmp(d->conf->doors[i].name, d->only))
			return true;
	return !d->conf || !d->only;
}

static void
examine(struct doctor *d, const struct ctl_progress *progress)
{
	static const struct {
		void (*look)(struct doctor *doctor);
		const char *what;
	} steps[] = {
		{ doctor_links, "looking at the interfaces" },
		{ look_at_ruleset, "reading the ruleset" },
		{ doctor_before, "looking at other tables" },
		{ doctor_table, "looking at knockd's table" },
		{ doctor_group, "looking at the group" },
		{ doctor_hits, "looking at the hits" },
		{ doctor_sets, "looking at the sets" },
		{ doctor_guard, "looking at the guard" },
		{ doctor_established, "looking at established connections" },
		{ doctor_host, "looking at processes and files" },
		{ doctor_share, "looking at other gateways" },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		ctl_progress_say(progress, steps[i].what);
		steps[i].look(d);
	}
}

static void
look(struct doctor *d, const struct ctl_options *options, const struct ctl_progress *progress)
{
	streams_fill();
	if (geteuid())
		doctor_bad(d, "sudo knockctl doctor", "only root sees the ruleset and all numbers");
	ctl_progress_say(progress, "asking knockd");
	look_at_daemon(d, options->socket);
	ctl_progress_say(progress, "reading the configuration");
	look_at_file(d, options);
	if (!is_door(d))
		doctor_bad(d, "knockctl doors", "%s has no door [%s]", d->path, d->only);
	else
		examine(d, progress);
}

/* What it finds is told at the end, as the progress may be on the terminal until then. */
int
ctl_doctor(const struct ctl_options *options)
{
	struct ctl_progress progress;
	char *text = NULL;
	size_t len;
	struct doctor d = { .out = open_memstream(&text, &len),
			    .only = options->n_words > 1 ? options->words[1] : NULL };

	if (!d.out) {
		fprintf(stderr, "knockctl: %s\n", strerror(errno));
		return CTL_EXIT_ERROR;
	}
	ctl_progress_begin(&progress);
	look(&d, options, &progress);
	ctl_progress_end(&progress);
	fclose(d.out);
	fputs(text, stdout);
	free(text);
	printf(d.faults ? "%zu fault%s\n" : "no fault found\n", d.faults, d.faults == 1 ? "" : "s");
	json_decref(d.status);
	json_decref(d.stats);
	json_decref(d.doors);
	json_decref(d.peers);
	json_decref(d.ruleset);
	json_decref(d.links);
	conf_free((struct conf *)d.conf);
	if (fflush(stdout) || ferror(stdout))
		return CTL_EXIT_ERROR;
	return d.faults ? CTL_EXIT_ERROR : CTL_EXIT_OK;
}
