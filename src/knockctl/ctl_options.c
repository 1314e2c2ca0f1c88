/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ctl_enrol.h"

enum {
	OPT_JSON = 256,
	OPT_PROMETHEUS,
	OPT_DOOR,
	OPT_ALL,
	OPT_APPLY,
	OPT_PREFER,
	OPT_OPEN,
	OPT_FOR,
	OPT_WRITE,
	OPT_RESET,
	OPT_HOST,
	OPT_CUT,
	OPT_BY_HAND,
	OPT_FOREVER,
	OPT_SYNC,
};

#define CONFIG_DEFAULT SYSCONFDIR "/knockd.conf"

static const char *const local_names[CTL_LOCALS] = {
	[CTL_MIGRATE] = "migrate",
	[CTL_NEW] = "new",
	[CTL_DOCTOR] = "doctor",
	[CTL_TOP] = "top",
};

static const struct option names[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ "door", required_argument, NULL, OPT_DOOR },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "cut", no_argument, NULL, OPT_CUT },
	{ "by-hand", no_argument, NULL, OPT_BY_HAND },
	{ "forever", no_argument, NULL, OPT_FOREVER },
	{ "sync", no_argument, NULL, OPT_SYNC },
	{ "apply", no_argument, NULL, OPT_APPLY },
	{ "prefer", required_argument, NULL, OPT_PREFER },
	{ "open", required_argument, NULL, OPT_OPEN },
	{ "for", required_argument, NULL, OPT_FOR },
	{ "write", no_argument, NULL, OPT_WRITE },
	{ "reset", required_argument, NULL, OPT_RESET },
	{ "host", required_argument, NULL, OPT_HOST },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void
add_word(struct ctl_options *o, const char *word)
{
	if (o->n_words < REQUEST_WORDS)
		o->words[o->n_words] = word;
	o->n_words++;
}

static enum ctl_mode
take(struct ctl_options *o, int option)
{
	switch (option) {
	case 's':
		o->socket = optarg;
		return CTL_ASK;
	case 'c':
		o->file = optarg;
		return CTL_ASK;
	case OPT_JSON:
		o->json = true;
		return CTL_ASK;
	case OPT_PROMETHEUS:
		o->prometheus = true;
		return CTL_ASK;
	case OPT_DOOR:
		add_word(o, "--door");
		add_word(o, optarg);
		return CTL_ASK;
	case OPT_RESET:
		add_word(o, "--reset");
		add_word(o, optarg);
		return CTL_ASK;
	case OPT_HOST:
		add_word(o, "--host");
		add_word(o, optarg);
		o->hosted = true;
		return CTL_ASK;
	case OPT_ALL:
		add_word(o, "--all");
		return CTL_ASK;
	case OPT_CUT:
		add_word(o, "--cut");
		return CTL_ASK;
	case OPT_BY_HAND:
		add_word(o, "--by-hand");
		return CTL_ASK;
	case OPT_FOREVER:
		add_word(o, "--forever");
		return CTL_ASK;
	case OPT_SYNC:
		add_word(o, "--sync");
		return CTL_ASK;
	case OPT_APPLY:
		o->apply = true;
		return CTL_ASK;
	case OPT_PREFER:
		o->prefer = optarg;
		return CTL_ASK;
	case OPT_OPEN:
		o->open = optarg;
		return CTL_ASK;
	case OPT_FOR:
		o->time = optarg;
		return CTL_ASK;
	case OPT_WRITE:
		o->write = true;
		return CTL_ASK;
	case 'V':
		return CTL_VERSION;
	case 'h':
		return CTL_HELP;
	case 1: /* a word, in place */
		add_word(o, optarg);
		return CTL_ASK;
	}
	return CTL_WRONG;
}

static bool
is_valued(const char *word)
{
	return !strcmp(word, "--door") || !strcmp(word, "--reset") || !strcmp(word, "--host");
}

/* A request begins with the command; on the command line options may precede it. */
static void
put_command_first(struct ctl_options *o)
{
	for (size_t i = 0; i < o->n_words; i++) {
		const char *word = o->words[i];

		if (request_find(word) == REQUEST_COMMANDS || (i && is_valued(o->words[i - 1])))
			continue;
		for (; i > 0; i--)
			o->words[i] = o->words[i - 1];
		o->words[0] = word;
		return;
	}
}

/* The command of the first word; CTL_LOCALS: none. */
static enum ctl_local
find_local(const struct ctl_options *o)
{
	enum ctl_local local = 0;

	while (local < CTL_LOCALS && (!o->n_words || strcmp(o->words[0], local_names[local])))
		local++;
	return local;
}

/* Why an option belongs to another command; NULL: none does. */
static const char *
stray_option(const struct ctl_options *o)
{
	if (o->local != CTL_MIGRATE && (o->apply || o->prefer))
		return "--apply and --prefer belong to migrate";
	if (o->local != CTL_NEW && (o->open || o->time || o->write))
		return "--open, --for and --write belong to new";
	return o->local == CTL_LOCALS && o->file ? "--config belongs to commands that need no daemon" : NULL;
}

static enum ctl_mode
check_local(struct ctl_options *o, char *err, size_t errlen)
{
	const char *name = local_names[o->local];

	*err = '\0';
	if (o->json || o->prometheus)
		snprintf(err, errlen, "%s has no such form of its answer", name);
	else if (o->local == CTL_TOP && o->n_words > 1)
		snprintf(err, errlen, "top takes no words");
	else if (o->n_words > 2)
		snprintf(err, errlen, "%s takes one %s", name, o->local == CTL_MIGRATE ? "file" : "door");
	else if (o->local == CTL_NEW && o->n_words < 2)
		snprintf(err, errlen, "new needs the name of the door");
	else if (o->prefer && strcmp(o->prefer, "open") && strcmp(o->prefer, "grant"))
		snprintf(err, errlen, "--prefer is open or grant, not \"%s\"", o->prefer);
	else if (stray_option(o))
		snprintf(err, errlen, "%s", stray_option(o));
	if (*err)
		return CTL_WRONG;
	if (o->local == CTL_MIGRATE && o->n_words > 1)
		o->file = o->words[1];
	if (!o->file)
		o->file = CONFIG_DEFAULT;
	return CTL_LOCAL;
}

bool
ctl_options_adds(enum request_command command)
{
	return command == REQUEST_ENROL || command == REQUEST_TOTP;
}

static enum ctl_mode
check(struct ctl_options *o, char *err, size_t errlen)
{
	if (o->n_words > REQUEST_WORDS) {
		snprintf(err, errlen, "too many words");
		return CTL_WRONG;
	}
	o->local = find_local(o);
	if (o->local < CTL_LOCALS)
		return check_local(o, err, errlen);
	if (stray_option(o)) {
		snprintf(err, errlen, "%s", stray_option(o));
		return CTL_WRONG;
	}
	put_command_first(o);
	if (o->n_words && ctl_options_adds(request_find(o->words[0])) && !o->hosted &&
	    o->n_words + 2 <= REQUEST_WORDS) {
		add_word(o, "--host");
		add_word(o, ctl_enrol_host(o->host, sizeof(o->host)));
	}
	if (request_take(&o->request, (char *const *)o->words, o->n_words, err, errlen))
		return CTL_WRONG;
	if (o->prometheus && o->request.command != REQUEST_STATS) {
		snprintf(err, errlen, "--prometheus belongs to stats");
		return CTL_WRONG;
	}
	if (o->json && ctl_options_adds(o->request.command)) {
		snprintf(err, errlen, "%s takes no --json", request_name(o->request.command));
		return CTL_WRONG;
	}
	return CTL_ASK;
}

/* "-5m" in `extend ADDRESS -5m`: a time, and no bundle of options. */
static bool
is_negative_time(const char *word)
{
	return word && word[0] == '-' && isdigit((unsigned char)word[1]);
}

enum ctl_mode
ctl_options_parse(struct ctl_options *o, int argc, char **argv, char *err, size_t errlen)
{
	enum ctl_mode mode = CTL_ASK;
	int option;

	*o = (struct ctl_options){ .socket = REQUEST_SOCKET };
	*err = '\0';
	optind = 0; /* also resets getopt, for the tests */
	while (mode == CTL_ASK) {
		for (; optind && is_negative_time(argv[optind]); optind++)
			add_word(o, argv[optind]);
		option = getopt_long(argc, argv, "-c:hs:V", names, NULL);
		if (option == -1)
			break;
		mode = take(o, option);
	}
	for (; mode == CTL_ASK && optind < argc; optind++)
		add_word(o, argv[optind]);
	return mode == CTL_ASK ? check(o, err, errlen) : mode;
}
