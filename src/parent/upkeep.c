/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "upkeep.h"

#include <linux/netfilter.h>
#include <poll.h>
#include <string.h>

#include "lib/moment.h"
#include "netlink/nflog_group.h"
#include "netlink/nfqueues.h"
#include "table/ruleset.h"

/* Between two tries, after the kernel refused the table. */
#define RULES_RETRY_MSEC 5000

static bool
is_ours(const struct conf *conf, const struct ruleset_report *to)
{
	switch (conf->capture) {
	case CONF_CAPTURE_NFLOG:
		return !to->queued && to->number == conf->nflog_group;
	case CONF_CAPTURE_NFQUEUE:
		return to->queued && to->number == conf->queue_num;
	}
	return false;
}

static bool
has_reader(const struct ruleset_report *to)
{
	return to->queued ? nfqueues_holder(to->number) : nflog_group_holder(to->number);
}

bool
upkeep_other_runs(void)
{
	struct ruleset_report to;

	return ruleset_reports_to(&to) && has_reader(&to);
}

/* Our table would replace the other daemon's, and the first of the two to end would remove it for both. */
int
upkeep_find_other(struct daemon *d)
{
	struct ruleset_report to;

	if (d->conf->rules != CONF_RULES_AUTO || !ruleset_reports_to(&to) || is_ours(d->conf, &to) || !has_reader(&to))
		return 0;
	log_warnx(&d->log, "another knockd (%s %u) keeps table inet " RULESET_TABLE " in this network namespace",
		  to.queued ? "NFQUEUE" : "NFLOG group", to.number);
	return -1;
}

/*
 * With Rules = none the daemon removes no table of an earlier run, which left its guard or was killed: another knockd
 * may use the table, or the admin may have loaded it from --print-rules.
 */
void
upkeep_warn_of_leftovers(const struct daemon *d)
{
	static const char helps[] = "\"nft delete table inet " RULESET_TABLE "\" removes it";
	struct ruleset_report to;
	bool reports;

	if (d->conf->rules != CONF_RULES_NONE)
		return;
	reports = ruleset_reports_to(&to);
	if (reports && !is_ours(d->conf, &to) && has_reader(&to))
		return;
	if (reports && is_ours(d->conf, &to) && to.marked)
		log_warnx(&d->log,
			  "warning: table inet " RULESET_TABLE " of an earlier run still reports knocks to knockd, "
			  "in addition to your own rules: %s",
			  helps);
	if (ruleset_has_guard())
		log_warnx(&d->log,
			  "warning: table inet " RULESET_TABLE " of an earlier run keeps ports shut, and no door "
			  "opens them with Rules = none: %s, \"knockctl unguard\" removes the guard alone",
			  helps);
}

/* The end of the socket ends the ownership; the table stays. */
static void
release(struct daemon *d)
{
	if (nfnl_renew(d->nfnl) || monitor_leave_out(d->monitor, nfnl_port(d->nfnl)))
		log_warn(&d->log, "could not give up table inet " RULESET_TABLE);
	d->rules.table.owned = false;
}

/* Once: a reload that changes it is the admin's own doing. */
static void
tell_owner(struct daemon *d)
{
	if (d->rules.table.owned && !d->rules.told)
		log_notice(&d->log, "table inet " RULESET_TABLE " is owned: no other program can change it");
	else if (d->rules.table.cannot_own && !d->rules.told)
		log_notice(&d->log,
			   "table inet " RULESET_TABLE " is not owned, because this kernel would delete it when "
			   "knockd ends (Linux 6.9 keeps it): a flush of the ruleset opens guarded ports until "
			   "knockd puts the table back");
	d->rules.told |= d->rules.table.owned || d->rules.table.cannot_own;
}

/* ruleset_elements */
static void
fill(void *arg, const char *set, nftset_visit *visit, void *visit_arg)
{
	struct daemon *d = arg;

	grants_fill(d->grants, set, visit, visit_arg);
}

/* 0, or -1 after a log line. */
static int
put_table(struct daemon *d, const struct conf *conf)
{
	const struct monitor_event emptied = { .kind = MONITOR_TABLE_GONE,
					       .family = NFPROTO_INET,
					       .table = RULESET_TABLE };
	char err[512];

	if (d->rules.table.owned && !conf_owns_table(conf))
		release(d);
	d->rules.table.same = d->rules.ours && conf == d->conf;
	d->rules.table.elements = fill;
	d->rules.table.elements_arg = d;
	if (ruleset_install(&d->rules.table, conf, err, sizeof(err))) {
		log_warnx(&d->log, "could not install table inet " RULESET_TABLE ": %s", err);
		return -1;
	}
	tell_owner(d);
	if (d->rules.table.bare)
		log_notice(&d->log, "table inet " RULESET_TABLE " is installed before the elements of accesses: %s",
			   err);
	if (*d->rules.table.begun)
		log_notice(&d->log, "cut: connections to %s that there are now may go on for the door's Open_Timeout",
			   d->rules.table.begun);
	if (!d->rules.table.owned && conf_has_guard(conf))
		priv_hurry();
	if (!d->rules.table.emptied)
		return 0;
	grants_noticed(d->grants, &emptied); /* the kernel's events are about changes by others */
	return 0;
}

int
upkeep_install(struct daemon *d, const struct conf *conf)
{
	switch (conf->rules) {
	case CONF_RULES_AUTO:
		if (put_table(d, conf))
			return -1;
		d->rules.ours = true;
		break;
	case CONF_RULES_NONE:
		if (d->rules.ours && (ruleset_unguard(&d->rules.table) || ruleset_remove(&d->rules.table))) {
			log_warn(&d->log, "could not remove table inet " RULESET_TABLE);
			upkeep_retry_later(d); /* the guard may be gone, but the configuration in use has it */
			return -1;
		}
		d->rules.ours = false;
		break;
	}
	return 0;
}

/* monitor_take */
static void
take_change(void *arg, const struct monitor_event *event)
{
	struct daemon *d = arg;

	grants_noticed(d->grants, event);
	if (event->kind != MONITOR_LOST && (event->family != NFPROTO_INET || strcmp(event->table, RULESET_TABLE)))
		return;
	if (!d->rules.changed)
		upkeep_put_back(d); /* at once: other events may take long to read */
	d->rules.changed = true;
}

void
upkeep_retry_later(struct daemon *d)
{
	d->rules.refused = true;
	d->rules.retry_at = moment_boot_msec() + RULES_RETRY_MSEC;
}

/* Our own installs cause events, too: only the state of the table counts. */
void
upkeep_put_back(struct daemon *d)
{
	bool refused = d->rules.refused;

	d->rules.refused = d->rules.changed = false;
	d->rules.retry_at = UINT64_MAX;
	if (!d->rules.ours || ruleset_intact(&d->rules.table, d->conf))
		return;
	if (upkeep_install(d, d->conf)) {
		upkeep_retry_later(d);
		d->rules.refused = refused;
	} else if (refused) {
		log_notice(&d->log, "table inet " RULESET_TABLE " is in place again");
	} else {
		log_notice(&d->log, "table inet " RULESET_TABLE " was changed by another program and is put back");
	}
}

void
upkeep_read_monitor(struct daemon *d)
{
	monitor_read(d->monitor, take_change, d);
	if (d->rules.changed && d->rules.retry_at == UINT64_MAX)
		upkeep_put_back(d);
	d->rules.changed = false;
	grants_restore(d->grants, d->conf);
}

void
upkeep_heed(struct daemon *d)
{
	struct pollfd monitor = { .fd = monitor_fd(d->monitor), .events = POLLIN };

	if (!d->rules.table.owned && poll(&monitor, 1, 0) > 0)
		upkeep_read_monitor(d);
}
