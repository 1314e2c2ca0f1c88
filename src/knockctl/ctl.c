/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl_enrol.h"
#include "ctl_link.h"
#include "ctl_show.h"
#include "ctl_stats.h"
#include "ctl_totp.h"
#include "lib/streams.h"
#include "lib/text.h"

/* The form of an answer as a JSON document. */
enum form {
	FORM_OBJECT, /* its one object */
	FORM_ARRAY,  /* its objects in an array */
	FORM_NAMED,  /* the same array, as a member of the object that ends the answer */
	FORM_LAST,   /* only the object that ends the answer */
	FORM_STREAM, /* one document per line, for ever */
};

static const struct command {
	const char *arguments;
	const char *help;
	ctl_show_row *row;
	ctl_show_end *end; /* NULL: prints nothing */
	enum form form;
	const char *name; /* FORM_NAMED */
} commands[REQUEST_COMMANDS] = {
	[REQUEST_STATUS] = { "", "show the state of the daemon", ctl_show_status, NULL, FORM_OBJECT, NULL },
	[REQUEST_DOORS] = { "", "list the doors of the configuration", ctl_show_door, ctl_show_doors, FORM_ARRAY,
			    NULL },
	[REQUEST_LIST] = { "[ADDRESS ...] [--door DOOR]", "list open accesses: client, door, end", ctl_show_access,
			   ctl_show_accesses, FORM_ARRAY, NULL },
	[REQUEST_ATTEMPTS] = { "", "list knock attempts under way", ctl_show_attempt, ctl_show_attempts, FORM_NAMED,
			       "attempts" },
	[REQUEST_REVOKE] = { "ADDRESS ... [--door DOOR] [--by-hand] | --door DOOR | --all  [--cut]", "end accesses now",
			     NULL, ctl_show_outcome, FORM_LAST, NULL },
	[REQUEST_EXTEND] = { "ADDRESS ... [--door DOOR] TIME", "extend accesses, or shorten them with -TIME", NULL,
			     ctl_show_outcome, FORM_LAST, NULL },
	[REQUEST_GRANT] = { "ADDRESS --door DOOR [--forever]", "open a door as a knock would, or without an end", NULL,
			    ctl_show_outcome, FORM_LAST, NULL },
	[REQUEST_WATCH] = { "", "print events as they happen", ctl_show_event, NULL, FORM_STREAM, NULL },
	[REQUEST_STATS] = { "[--prometheus]", "print all counters", NULL, NULL, FORM_OBJECT, NULL },
	[REQUEST_RELOAD] = { "", "read the configuration again and use it", ctl_show_message, ctl_show_outcome,
			     FORM_NAMED, "messages" },
	[REQUEST_CHECK] = { "", "read the configuration and report errors", ctl_show_message, ctl_show_good, FORM_NAMED,
			    "messages" },
	[REQUEST_UNGUARD] = { "", "remove the guard until the next reload or start", ctl_show_message, ctl_show_outcome,
			      FORM_LAST, NULL },
	[REQUEST_USERS] = { "[--reset USER]", "list who may knock with a signature; forgive a clock that went back",
			    ctl_show_user, ctl_show_users, FORM_ARRAY, NULL },
	[REQUEST_PEERS] = { "[--sync]", "list the gateways that share accesses, and the link to their server",
			    ctl_show_peer, ctl_show_peers, FORM_ARRAY, NULL },
	[REQUEST_ENROL] = { "USER [--door DOOR] [--host HOST]", "let the public key on standard input knock", NULL,
			    NULL, FORM_OBJECT, NULL },
	[REQUEST_TOTP] = { "USER [--host HOST]", "make a secret for the user's authenticator app", NULL, NULL,
			   FORM_OBJECT, NULL },
};

void
ctl_usage(FILE *out)
{
	fputs("usage: knockctl [-s SOCKET] [--json] COMMAND\n"
	      "commands:\n",
	      out);
	for (enum request_command c = 0; c < REQUEST_COMMANDS; c++)
		fprintf(out, "  %-8s %s%s%s\n", request_name(c), commands[c].arguments,
			*commands[c].arguments ? "\n             " : "", commands[c].help);
	fputs("  top\n"
	      "             show doors and accesses on a live screen\n"
	      "commands that need no daemon:\n"
	      "  migrate  [FILE] [--apply] [--prefer open|grant]\n"
	      "             replace firewall commands by open and grant: show how, or do it\n",
	      out);
	fputs("  new      NAME [--open PORTS] [--for TIME] [--write]\n"
	      "             make a door with a sequence that nobody knows\n"
	      "  doctor   [DOOR]\n"
	      "             why does a door stay shut?\n",
	      out);
	fputs("options:\n"
	      "  -s, --socket SOCKET  the daemon's Control_Socket\n"
	      "  -c, --config FILE    the configuration, for the commands that need no daemon\n"
	      "      --json           answer as JSON\n"
	      "  -V, --version        show the version\n"
	      "  -h, --help           show this help\n",
	      out);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

/* The answer being written, one object after the other. */
struct answer {
	const struct command *command;
	struct ctl_show show;
	enum form form;
	bool json;
	size_t n;                    /* objects so far */
	const struct request *adder; /* REQUEST_ENROL, REQUEST_TOTP; else NULL */
	bool failed;                 /* to add the user */
};

static void
write_json(struct answer *a, const json_t *json)
{
	json_dumpf(json, a->show.out, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void
write_row(struct answer *a, const json_t *row)
{
	const json_t *message = json_object_get(row, "message");

	switch (a->form) {
	case FORM_ARRAY:
	case FORM_NAMED:
		fputs(a->n ? ",\n" : "\n", a->show.out);
		write_json(a, message ? message : row);
		break;
	case FORM_OBJECT:
	case FORM_STREAM:
		write_json(a, row);
		fputc('\n', a->show.out);
		break;
	case FORM_LAST:
		break;
	}
	if (a->form == FORM_STREAM)
		fflush(a->show.out);
}

static void
write_begin(struct answer *a)
{
	if (a->form == FORM_ARRAY)
		fputc('[', a->show.out);
	else if (a->form == FORM_NAMED)
		fprintf(a->show.out, "{\"%s\":[", a->command->name);
}

/* The members of `last` follow the array, without its opening brace. */
static void
write_end(struct answer *a, const json_t *last)
{
	char *rest;

	switch (a->form) {
	case FORM_ARRAY:
		fputs(a->n ? "\n]\n" : "]\n", a->show.out);
		break;
	case FORM_NAMED:
		rest = json_dumps(last, JSON_COMPACT);
		fprintf(a->show.out, "%s],%s\n", a->n ? "\n" : "", rest ? rest + 1 : "");
		free(rest);
		break;
	case FORM_LAST:
		write_json(a, last);
		fputc('\n', a->show.out);
		break;
	case FORM_OBJECT:
	case FORM_STREAM:
		break;
	}
}

/* ---- the answer -------------------------------------------------------------------------------- */

static void
complain(const char *text)
{
	char clean[16384];

	fprintf(stderr, "knockctl: %s\n", text_utf8(text, true, clean, sizeof(clean)));
}

static void
take_row(struct answer *a, const json_t *row)
{
	if (a->adder && a->adder->command == REQUEST_ENROL)
		a->failed |= ctl_enrol(a->adder->user, row, a->show.out) != 0;
	else if (a->adder)
		a->failed |= ctl_totp(a->adder->user, a->adder->host, row, a->show.out) != 0;
	else if (a->json)
		write_row(a, row);
	else if (a->command->row)
		a->command->row(&a->show, row);
	a->n++;
}

/* Did the daemon find an access to revoke or extend, if that was asked? */
static int
status_of(const json_t *last)
{
	const json_t *revoked = json_object_get(last, "revoked"), *extended = json_object_get(last, "extended");
	const json_t *count = revoked ? revoked : extended;

	return count && !json_integer_value(count) ? CTL_EXIT_NONE : CTL_EXIT_OK;
}

/* A failed answer leaves no complete document, except in the forms whose last object holds the error. */
static int
take_last(struct answer *a, const json_t *last)
{
	const char *error = json_string_value(json_object_get(last, "error"));
	bool tells_errors = a->form == FORM_NAMED || a->form == FORM_LAST;

	if (a->json && (!error || tells_errors))
		write_end(a, last);
	else if (!a->json && !error && a->command->end)
		a->command->end(&a->show, last);
	fflush(a->show.out);
	if (error)
		complain(error);
	return error ? CTL_EXIT_ERROR : status_of(last);
}

static bool
is_last(const json_t *json)
{
	return json_object_get(json, "done") || json_object_get(json, "error");
}

static int
read_answer(struct ctl_link *link, struct answer *a)
{
	int status = CTL_EXIT_OK;
	bool last = false;
	char err[128];
	json_t *json;

	if (a->json)
		write_begin(a);
	while (!last && !ferror(a->show.out)) {
		json = ctl_link_next(link, err, sizeof(err));
		if (!json) {
			fflush(a->show.out);
			complain(a->form == FORM_STREAM ? "knockd has ended" : err);
			return CTL_EXIT_ERROR;
		}
		last = is_last(json);
		if (last)
			status = take_last(a, json);
		else
			take_row(a, json);
		json_decref(json);
	}
	return status;
}

/* ---- */

/* NULL: an error, which is told. */
static json_t *
read_all(struct ctl_link *link, const char *request)
{
	char err[128] = "out of memory";
	json_t *all;

	ctl_link_ask(link, request);
	all = ctl_link_all(link, err, sizeof(err));
	if (!all)
		complain(err);
	return all;
}

static int
print_stats(const struct ctl_options *options, json_t *stats, const json_t *doors)
{
	int failed = 0;

	if (options->json) {
		failed = ctl_stats_add_doors(stats, doors) || json_dumpf(stats, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (options->prometheus) {
		ctl_stats_prometheus(stats, stdout);
		ctl_stats_prometheus_doors(doors, stdout);
	} else {
		failed = ctl_stats_print(stats, stdout);
		if (json_array_size(doors)) {
			putchar('\n');
			failed |= ctl_stats_print_doors(doors, stdout);
		}
	}
	if (failed)
		complain("out of memory");
	return failed ? CTL_EXIT_ERROR : CTL_EXIT_OK;
}

/* Two requests: a daemon with very many doors cannot put their numbers into one answer with its own. */
static int
show_stats(struct ctl_link *link, const struct ctl_options *options)
{
	json_t *all = read_all(link, "stats"), *doors = all ? read_all(link, "doors") : NULL;
	int status = doors ? print_stats(options, json_array_get(all, 0), doors) : CTL_EXIT_ERROR;

	json_decref(all);
	json_decref(doors);
	return status;
}

/* With these options a command that shows an array does something instead. */
static enum form
form_of(const struct request *request)
{
	bool acts = request->sync || (request->command == REQUEST_USERS && request->user);

	return acts ? FORM_LAST : commands[request->command].form;
}

static int
ask(struct ctl_link *link, const struct ctl_options *options, const char *request)
{
	struct answer a = { .command = &commands[options->request.command],
			    .form = form_of(&options->request),
			    .json = options->json,
			    .adder = ctl_options_adds(options->request.command) ? &options->request : NULL,
			    .show = { .out = stdout, .colour = ctl_show_colour() } };
	int status;

	if (options->request.command == REQUEST_STATS) {
		status = show_stats(link, options);
	} else {
		ctl_link_ask(link, request);
		status = read_answer(link, &a);
	}
	if (a.failed)
		status = CTL_EXIT_ERROR;
	if (a.show.table.failed) {
		complain("out of memory");
		status = CTL_EXIT_ERROR;
	}
	ctl_table_free(&a.show.table);
	if (fflush(stdout) || ferror(stdout)) {
		complain("could not write the answer");
		status = CTL_EXIT_ERROR;
	}
	return status;
}

int
ctl_explain_no_link(const char *path)
{
	int error = errno;

	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		fprintf(stderr, "knockctl: no knockd listens at %s\n", path);
		return CTL_EXIT_NO_DAEMON;
	case EACCES:
		fprintf(stderr, "knockctl: %s: %s (root and the group knockd may use it)\n", path, strerror(error));
		break;
	default:
		fprintf(stderr, "knockctl: %s: %s\n", path, strerror(error));
		break;
	}
	return CTL_EXIT_ERROR;
}

int
ctl_run(const struct ctl_options *options)
{
	char request[REQUEST_LINE_MAX];
	struct ctl_link link;
	int status;

	if (request_format(request, sizeof(request), options->words, options->n_words)) {
		complain("the request is too long or has a line break");
		return CTL_EXIT_USAGE;
	}
	streams_fill();
	if (ctl_link_open(&link, options->socket))
		return ctl_explain_no_link(options->socket);
	status = ask(&link, options, request);
	ctl_link_close(&link);
	return status;
}
