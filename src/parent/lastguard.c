/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lastguard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "lib/duration.h"
#include "lib/replace.h"
#include "lib/text.h"
#include "lib/trust.h"

char *
lastguard_path(const char *state_dir)
{
	char *path;

	return asprintf(&path, "%s/guard", state_dir) < 0 ? NULL : path;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static const char *const policies[] = { [CONF_GUARD_DROP] = "drop", [CONF_GUARD_REJECT] = "reject" };

static void
write_door(FILE *out, const struct door *door)
{
	char ports[SEQ_STRLEN], target[ADDR_STRLEN];

	fputs("\n[guard]\n", out);
	if (door->target.family)
		fprintf(out, "target = %s\n", addr_format(&door->target, target));
	fprintf(out, "open = %s\n", seq_format(&door->open, ports, sizeof(ports)));
	if (door->cut)
		fputs("cut = yes\n", out);
	if (door->cut && door->open_timeout_ms)
		fprintf(out, "open_timeout = %llums\n", (unsigned long long)door->open_timeout_ms);
	if (door->idle_ms)
		fprintf(out, "idle_timeout = %llums\n", (unsigned long long)door->idle_ms);
}

/* 0 when it is on the disk, or -1 with errno. Closes `fd`. */
static int
write_file(int fd, const struct daemon *d)
{
	const struct conf *conf = d->conf;
	FILE *out = fdopen(fd, "w");
	int failed;

	if (!out) {
		close(fd);
		return -1;
	}
	fprintf(out,
		"# knockd keeps these ports shut if the configuration has an error at the next start.\n"
		"config = %s\nconfig = %s\nguard_policy = %s\n",
		d->config, d->config_file, policies[conf->guard_policy]);
	for (size_t i = 0; i < conf->n_doors; i++)
		if (conf->doors[i].open.n)
			write_door(out, &conf->doors[i]);
	failed = fflush(out) || fsync(fd);
	return fclose(out) || failed ? -1 : 0;
}

void
lastguard_keep(const struct daemon *d)
{
	char *path = lastguard_path(d->conf->state_dir);
	int fd = !path ? -1 : d->keeper ? keeper_open_guard(d->keeper) : replace_begin(path);
	bool failed = fd < 0 || write_file(fd, d);

	if (!failed)
		failed = d->keeper ? keeper_put_guard(d->keeper) : replace_end(path);
	if (failed && conf_has_guard(d->conf))
		log_warn(&d->log, "could not keep the guard for a start with a bad configuration: %s",
			 path ? path : "");
	free(path);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static struct door *
add_door(struct conf *conf)
{
	struct door *doors =
	    conf->n_doors < CONF_DOORS_MAX ? reallocarray(conf->doors, conf->n_doors + 1, sizeof(*doors)) : NULL;

	if (!doors)
		return NULL;
	conf->doors = doors;
	doors[conf->n_doors] = (struct door){ .line = 0 };
	return &doors[conf->n_doors++];
}

static int
set_policy(struct conf *conf, const char *value)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (strcmp(value, policies[i]))
			continue;
		conf->guard_policy = (enum conf_guard)i;
		return 0;
	}
	return -1;
}

/* The configuration that is looked for. */
struct wanted {
	const char *config; /* as it was named */
	char *file;         /* as files_real_path() names it; NULL: out of memory */
	bool found;
};

static bool
is_wanted(const struct wanted *wanted, const char *config)
{
	return !strcmp(config, wanted->config) || (wanted->file && !strcmp(config, wanted->file));
}

/* 0, or -1: no such line is ever written. */
static int
take_line(struct conf *conf, char *text, struct wanted *wanted)
{
	struct door *door = conf->n_doors ? &conf->doors[conf->n_doors - 1] : NULL;
	struct line line = text_split(text);

	switch (line.kind) {
	case LINE_BLANK:
		return 0;
	case LINE_SECTION:
		return add_door(conf) ? 0 : -1;
	case LINE_PAIR:
		break;
	case LINE_WORD:
		return -1;
	}
	if (door && !strcmp(line.key, "open"))
		return seq_parse(&door->open, line.value, NULL);
	if (door && !strcmp(line.key, "target"))
		return addr_parse(&door->target, line.value);
	if (door && !strcmp(line.key, "cut"))
		return text_flag(&door->cut, line.value);
	if (door && !strcmp(line.key, "idle_timeout"))
		return duration_parse(&door->idle_ms, line.value);
	if (door && !strcmp(line.key, "open_timeout"))
		return duration_parse(&door->open_timeout_ms, line.value);
	if (!door && !strcmp(line.key, "guard_policy"))
		return set_policy(conf, line.value);
	if (door || strcmp(line.key, "config"))
		return -1;
	wanted->found |= is_wanted(wanted, line.value);
	return 0;
}

/* Returns 0, or the number of a bad line. */
static unsigned
take_lines(struct conf *conf, FILE *in, struct wanted *wanted)
{
	char text[TEXT_LINE_MAX];
	unsigned bad = 0;

	for (unsigned n = 1; !bad && fgets(text, sizeof(text), in); n++)
		if (take_line(conf, text, wanted))
			bad = n;
	return bad;
}

/* 0, or -1 with the reason in `err`, "" if the file is that of another configuration. */
static int
read_file(struct conf *conf, FILE *in, const char *path, struct wanted *wanted, char *err, size_t errlen)
{
	const char *why;
	unsigned bad;

	if (trust_of(fileno(in), geteuid(), &why) == TRUST_NONE) {
		snprintf(err, errlen, "%s: %s", path, why);
		return -1;
	}
	bad = take_lines(conf, in, wanted);
	if (bad)
		snprintf(err, errlen, "%s: line %u is damaged", path, bad);
	else if (ferror(in))
		snprintf(err, errlen, "%s: %s", path, strerror(errno));
	return bad || ferror(in) || !wanted->found ? -1 : 0;
}

struct conf *
lastguard_read(const char *path, const char *config, char *err, size_t errlen)
{
	struct wanted wanted = { .config = config, .file = files_real_path(config) };
	struct conf *conf = calloc(1, sizeof(*conf));
	FILE *in = conf ? fopen(path, "re") : NULL;
	int failed = -1;

	*err = '\0';
	if (in)
		failed = read_file(conf, in, path, &wanted, err, errlen);
	else if (errno != ENOENT)
		snprintf(err, errlen, "%s: %s", path, strerror(errno));
	if (in)
		fclose(in);
	free(wanted.file);
	if (!failed)
		return conf;
	conf_free(conf);
	return NULL;
}
