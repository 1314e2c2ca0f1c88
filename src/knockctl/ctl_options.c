/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { OPT_JSON = 256, OPT_PROMETHEUS, OPT_DOOR, OPT_ALL };

static const struct option names[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ "door", required_argument, NULL, OPT_DOOR },
	{ "all", no_argument, NULL, OPT_ALL },
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
	case OPT_ALL:
		add_word(o, "--all");
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

/* A request begins with the command; on the command line options may precede it. */
static void
put_command_first(struct ctl_options *o)
{
	for (size_t i = 0; i < o->n_words; i++) {
		const char *word = o->words[i];

		if (request_find(word) == REQUEST_COMMANDS || (i && !strcmp(o->words[i - 1], "--door")))
			continue;
		for (; i > 0; i--)
			o->words[i] = o->words[i - 1];
		o->words[0] = word;
		return;
	}
}

static enum ctl_mode
check(struct ctl_options *o, char *err, size_t errlen)
{
	if (o->n_words > REQUEST_WORDS) {
		snprintf(err, errlen, "too many words");
		return CTL_WRONG;
	}
	put_command_first(o);
	if (request_take(&o->request, (char *const *)o->words, o->n_words, err, errlen))
		return CTL_WRONG;
	if (o->prometheus && o->request.command != REQUEST_STATS) {
		snprintf(err, errlen, "--prometheus belongs to stats");
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
		option = getopt_long(argc, argv, "-hs:V", names, NULL);
		if (option == -1)
			break;
		mode = take(o, option);
	}
	for (; mode == CTL_ASK && optind < argc; optind++)
		add_word(o, argv[optind]);
	return mode == CTL_ASK ? check(o, err, errlen) : mode;
}
