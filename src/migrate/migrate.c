/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "migrate/migrate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conffile.h"
#include "lib/duration.h"
#include "lib/text.h"
#include "needs.h"
#include "plan.h"
#include "rewrite.h"

struct migrate {
	const char *path;
	struct arena arena;
	struct conf *conf;
	struct source source;
	struct plan plan;
	struct rewrite rewrite;
	const char *text;
	size_t len;
};

static int
complain(const char *path, const char *why, conf_report *report, void *arg)
{
	char text[TEXT_LINE_MAX];

	snprintf(text, sizeof(text), "%s: %s", path, why);
	report(arg, CONF_ERROR, text);
	return -1;
}

/* The file may have been edited between the two readings. */
static int
read_source(struct migrate *m, conf_report *report, void *arg)
{
	if (source_read(&m->source, m->path, &m->arena))
		return complain(m->path, errno == EFBIG ? "has a line that is too long" : strerror(errno), report, arg);
	if (m->source.n_doors != m->conf->n_doors)
		return complain(m->path, "has changed while it was read", report, arg);
	return 0;
}

static enum plan_prefer
preferred(enum migrate_prefer prefer)
{
	switch (prefer) {
	case MIGRATE_OPEN:
		return PLAN_OPEN;
	case MIGRATE_GRANT:
		return PLAN_GRANT;
	case MIGRATE_ANY:
		break;
	}
	return PLAN_ANY;
}

static int
make(struct migrate *m, enum migrate_prefer prefer, conf_report *report, void *arg)
{
	m->conf = conffile_read(m->path, NULL, report, arg);
	if (!m->conf || read_source(m, report, arg))
		return -1;
	m->plan =
	    (struct plan){ .conf = m->conf, .source = &m->source, .arena = &m->arena, .prefer = preferred(prefer) };
	if (!plan_make(&m->plan) && !rewrite_make(&m->rewrite, &m->plan))
		m->text = rewrite_text(&m->rewrite, &m->arena, &m->len);
	return m->text ? 0 : complain(m->path, "out of memory", report, arg);
}

struct migrate *
migrate_read(const char *path, enum migrate_prefer prefer, conf_report *report, void *arg)
{
	struct migrate *m = calloc(1, sizeof(*m));

	if (!m) {
		complain(path, strerror(errno), report, arg);
		return NULL;
	}
	m->path = path;
	if (!make(m, prefer, report, arg))
		return m;
	migrate_free(m);
	return NULL;
}

void
migrate_free(struct migrate *m)
{
	if (!m)
		return;
	plan_free(&m->plan);
	conf_free(m->conf);
	arena_free(&m->arena);
	free(m);
}

static bool
moves(const struct plan_door *door)
{
	return door->role == PLAN_OPENER || door->role == PLAN_CLOSER;
}

size_t
migrate_moved(const struct migrate *m)
{
	size_t n = 0;

	for (size_t d = 0; d < m->source.n_doors; d++)
		n += moves(&m->plan.doors[d]);
	return n;
}

const char *
migrate_text(const struct migrate *m, size_t *len)
{
	*len = m->len;
	return m->text;
}

static void
print_door(const struct plan_door *door, const char *name, FILE *out)
{
	char time[64];

	fprintf(out, "[%s] ", name);
	if (door->role == PLAN_STAYS) {
		fprintf(out, "stays: %s\n", door->reason);
		return;
	}
	if (door->role == PLAN_OPENER)
		fprintf(out, "%s%s%s", door->as_open ? "open" : "grant", door->timeout_ms ? " for " : " without an end",
			door->timeout_ms ? duration_format(door->timeout_ms, time, sizeof(time)) : "");
	else
		fputs(door->as_open ? "close" : "revoke", out);
	fprintf(out, "%s%s\n", door->remark ? ": " : "", door->remark ? door->remark : "");
}

void
migrate_print(const struct migrate *m, FILE *out)
{
	size_t stay = 0;

	for (size_t d = 0; d < m->source.n_doors; d++) {
		stay += m->plan.doors[d].role == PLAN_STAYS;
		if (m->plan.doors[d].role != PLAN_SILENT)
			print_door(&m->plan.doors[d], m->conf->doors[d].name, out);
	}
	fprintf(out, "%zu of %zu doors with commands need none any more\n", migrate_moved(m), migrate_moved(m) + stay);
	if (!migrate_moved(m))
		return;
	fputc('\n', out);
	rewrite_diff(&m->rewrite, m->path, out);
	needs_print(&m->plan, out);
}
