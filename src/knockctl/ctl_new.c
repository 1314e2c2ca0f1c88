/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_new.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conffile.h"
#include "conf/element.h"
#include "ctl.h"
#include "ctl_code.h"
#include "ctl_enrol.h"
#include "ctl_link.h"
#include "ctl_replace.h"
#include "freeports.h"
#include "lib/text.h"

struct making {
	const struct ctl_options *options;
	const char *name;
	struct conf *conf;
	struct seq seq, open;
	char time[64];
	char door[1024]; /* the lines of the configuration */
};

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "knockctl: %s: %s\n", what, why);
	return -1;
}

/* conf_report */
static void
report(void *arg, enum conf_severity severity, const char *text)
{
	(void)arg;
	if (severity == CONF_ERROR)
		fprintf(stderr, "%s\n", text);
}

/* The name of a section, for the configuration, the client's profile and its command line. */
static int
check_name(const struct making *m)
{
	if (!*m->name || strlen(m->name) >= DOOR_NAME_MAX || strpbrk(m->name, "[]#\"\\\n") ||
	    !strcmp(m->name, "options"))
		return complain(m->name, "is no name for a door");
	for (size_t i = 0; i < m->conf->n_doors; i++)
		if (!strcmp(m->conf->doors[i].name, m->name))
			return complain(m->name, "there is a door of this name");
	return 0;
}

/* On a terminal; otherwise --open says it. */
static int
read_ports(struct making *m)
{
	const char *text = m->options->open;
	char line[256];
	struct seq_error error;

	if (!text && isatty(STDIN_FILENO)) {
		fputs("Which ports does it open, such as 22:tcp or 80,443? ", stderr);
		text = fgets(line, sizeof(line), stdin) ? text_trim(line) : NULL;
	}
	if (!text)
		return complain("new", "--open says which ports the door opens");
	return seq_parse(&m->open, text, &error) ? complain(text, "is no list of ports") : 0;
}

static int
read_time(struct making *m)
{
	const char *text = m->options->time ? m->options->time : "30s";
	char err[160];
	uint64_t ms;

	if (element_timeout(&ms, text, err, sizeof(err)))
		return complain("--for", err);
	return text_copy(m->time, sizeof(m->time), text);
}

static void
compose(struct making *m)
{
	char seq[SEQ_STRLEN], open[SEQ_STRLEN];

	snprintf(m->door, sizeof(m->door),
		 "[%s]\n\tsequence     = %s\n\tseq_timeout  = 15\n\ttcpflags     = syn,!ack\n\topen         = %s\n"
		 "\topen_timeout = %s\n",
		 m->name, seq_format(&m->seq, seq, sizeof(seq)), seq_format(&m->open, open, sizeof(open)), m->time);
}

/* "knock HOST 4201 4507 4303", for a phone. */
static void
print_command(const struct making *m, const char *host)
{
	char text[256 + SEQ_STRLEN];
	struct pen pen = text_pen(text, sizeof(text));

	text_write(&pen, "knock ", host, NULL);
	for (size_t i = 0; i < m->seq.n; i++)
		text_print(&pen, " %u", m->seq.at[i].port);
	printf("\n# or, where others cannot see the command line\n%s\n", text);
	ctl_code_print(text, stdout);
}

static void
print(const struct making *m)
{
	char seq[SEQ_STRLEN], host[256];

	ctl_enrol_host(host, sizeof(host));
	printf("# %s\n%s\n", m->options->file, m->door);
	printf("# the client's ~/.config/knock/config, mode 0600\n[%s]\n    host     = %s\n    sequence = %s\n",
	       m->name, host, seq_format(&m->seq, seq, sizeof(seq)));
	if (m->open.at[0].port == 22)
		printf("\n# the client's ~/.ssh/config\nHost %s\n    ProxyCommand knock --profile \"%s\" --proxy %%p\n",
		       host, m->name);
	print_command(m, host);
}

/* The old file and the door behind it. NULL: errno. */
static char *
appended(const char *path, const char *door, size_t *len)
{
	FILE *in = fopen(path, "re"), *out;
	char *text = NULL;
	int c, last = '\n';

	if (!in)
		return NULL;
	out = open_memstream(&text, len);
	while (out && (c = getc(in)) != EOF)
		last = putc(c, out);
	if (out) {
		fprintf(out, "%s\n%s", last == '\n' ? "" : "\n", door);
		fclose(out);
	}
	fclose(in);
	return text;
}

/* A daemon that does not run reads the file when it starts. */
static int
reload(const char *socket)
{
	struct ctl_link link;
	char err[128];
	json_t *json = NULL;
	bool done = false;

	if (ctl_link_open(&link, socket)) {
		printf("\nknockd does not run; it opens the door when it is started\n");
		return 0;
	}
	ctl_link_ask(&link, "reload");
	while (!done && (json = ctl_link_next(&link, err, sizeof(err)))) {
		const char *error = json_string_value(json_object_get(json, "error"));

		if (error)
			complain("reload", error);
		done = json_object_get(json, "done");
		json_decref(json);
		if (error)
			break;
	}
	ctl_link_close(&link);
	if (done)
		printf("\nthe door is there\n");
	return done ? 0 : -1;
}

static int
write_door(const struct making *m)
{
	size_t len;
	char *text = appended(m->options->file, m->door, &len), *backup;

	if (!text)
		return complain(m->options->file, strerror(errno));
	backup = ctl_replace(m->options->file, text, len, stderr);
	free(text);
	if (!backup)
		return -1;
	printf("\n%s has the door; the file before is %s\n", m->options->file, backup);
	free(backup);
	return reload(m->options->socket);
}

static int
make(struct making *m)
{
	m->conf = conffile_read(m->options->file, NULL, report, NULL);
	if (!m->conf || check_name(m) || read_ports(m) || read_time(m))
		return -1;
	if (freeports_choose(&m->seq, m->conf))
		return complain("no sequence", strerror(errno));
	compose(m);
	print(m);
	return m->options->write ? write_door(m) : 0;
}

int
ctl_new(const struct ctl_options *options)
{
	struct making m = { .options = options, .name = options->words[1] };
	int failed = make(&m);

	conf_free(m.conf);
	if (fflush(stdout) || ferror(stdout))
		failed = -1;
	return failed ? CTL_EXIT_ERROR : CTL_EXIT_OK;
}
