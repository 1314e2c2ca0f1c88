/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client_options.h"
#include "hit.h"
#include "lib/appendline.h"
#include "lib/hint.h"
#include "lib/text.h"
#include "net.h"
#include "signer.h"

static void __attribute__((format(printf, 3, 4)))
complain(struct profile_parser *parser, int line, const char *fmt, ...)
{
	char text[512], why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (line)
		snprintf(text, sizeof(text), "%s: line %d: %s", parser->path, line, why);
	else
		snprintf(text, sizeof(text), "%s: %s", parser->path, why);
	parser->errors++;
	parser->report(parser->arg, text);
}

static int
set_text(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -1;
	free(*to);
	*to = copy;
	return 0;
}

static const char *
set_host(struct profile *profile, const char *value)
{
	if (strpbrk(value, " \t#;\"'"))
		return "host is not a name or an address";
	return *value && !set_text(&profile->host, value) ? NULL : "empty host";
}

static const char *
set_sequence(struct profile *profile, const char *value)
{
	if (seq_parse_client(&profile->seq, value, NULL))
		return "not a sequence of at most 32 ports, each from 1 to 65535 with :tcp, :udp or nothing, the last "
		       "also with "
		       ":totp";
	return NULL;
}

static const char *
set_one_time(struct profile *profile, const char *value)
{
	return *value && !set_text(&profile->one_time, value) ? NULL : "empty one_time_sequences";
}

static const char *
set_delay(struct profile *profile, const char *value)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (!*value || *end || errno || n < 0 || n > CLIENT_DELAY_MAX)
		return "delay is not a number of milliseconds";
	profile->delay = n;
	return NULL;
}

static const char *
set_wait(struct profile *profile, const char *value)
{
	struct hit door;
	char err[256];

	if (hit_parse(&door, value, false, err, sizeof(err)) != HIT_OK || set_text(&profile->wait, value))
		return "wait is not PORT[:PROTO]";
	return NULL;
}

static const char *
set_timeout(struct profile *profile, const char *value)
{
	if (client_options_timeout(&profile->timeout, value))
		return "timeout is not a number of seconds or a time such as 2m, at most 24h";
	return NULL;
}

static const char *
set_both(struct profile *profile, const char *value)
{
	return text_flag(&profile->both, value) ? "both is not yes or no" : NULL;
}

static const char *
set_source(struct profile *profile, const char *value)
{
	struct place place;

	if (net_address(&place, value) || set_text(&profile->source, value))
		return "source is not an IPv4 or IPv6 address";
	return NULL;
}

static const char *
set_server(struct profile *profile, const char *value)
{
	const char *why = signer_check(value, false);
	char host[256], door[256];

	if (why || signer_names(value, host, sizeof(host), door, sizeof(door)) || set_text(&profile->server, value))
		return why ? why : "server is too long";
	if (*door && !profile->door && set_text(&profile->door, door))
		return "out of memory";
	return !profile->host && set_text(&profile->host, host) ? "out of memory" : NULL;
}

static const char *
set_door(struct profile *profile, const char *value)
{
	return *value && !set_text(&profile->door, value) ? NULL : "empty door";
}

static const char *
set_key(struct profile *profile, const char *value)
{
	return *value && !set_text(&profile->key, value) ? NULL : "empty key: it is agent or a file";
}

static const char *
set_totp(struct profile *profile, const char *value)
{
	return text_flag(&profile->totp, value) ? "totp is not yes or no" : NULL;
}

static const struct key {
	const char *name;
	const char *(*set)(struct profile *, const char *); /* returns NULL, or the error */
} keys[] = {
	{ "host", set_host },   { "sequence", set_sequence }, { "one_time_sequences", set_one_time },
	{ "delay", set_delay }, { "wait", set_wait },         { "timeout", set_timeout },
	{ "both", set_both },   { "source", set_source },     { "server", set_server },
	{ "door", set_door },   { "key", set_key },           { "totp", set_totp },
};

static void
take_pair(struct profile_parser *parser, struct profile *profile, const struct line *line)
{
	char hint[HINT_LEN];

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *wrong;

		if (strcasecmp(line->key, keys[i].name))
			continue;
		wrong = keys[i].set(profile, line->value);
		profile->bad |= wrong != NULL;
		if (wrong)
			complain(parser, parser->line, "%s%s", wrong, hint_value(line->value, hint));
		return;
	}
	profile->bad = true;
	/* not quoted: the key may be a misplaced sequence */
	complain(parser, parser->line,
		 "unknown key (known keys: host, sequence, one_time_sequences, delay, wait, timeout, both, source, "
		 "server, door, key, totp)%s",
		 hint_key(line->key, NULL, hint));
}

static void
begin_profile(struct profile_parser *parser, const char *name)
{
	struct profiles *all = &parser->profiles;
	struct profile *at;

	if (!*name)
		complain(parser, parser->line, "empty profile name");
	if (profiles_find(all, name))
		complain(parser, parser->line, "duplicate profile \"%.64s\"", name);
	at = reallocarray(all->at, all->n + 1, sizeof(*at));
	if (!at) {
		complain(parser, parser->line, "out of memory");
		return;
	}
	all->at = at;
	at[all->n] = (struct profile){ .line = parser->line, .delay = -1, .timeout = -1, .name = strdup(name) };
	if (at[all->n].name)
		all->n++;
}

/* "[home] # note", "[home", or a [ behind a character that only looks like a blank. The lines below belong to it. */
static void
take_broken_header(struct profile_parser *parser, char *text)
{
	char *open = strchr(text, '['), *name = open + 1, *end = strchr(name, ']'), hint[HINT_LEN];

	if (end)
		*end = '\0';
	begin_profile(parser, text_trim(name));
	if (open > text)
		complain(parser, parser->line, "not a [profile]%s", hint_blank(text, hint));
	else if (end)
		complain(parser, parser->line, "nothing may follow the ] of a profile%s", hint_value(end + 1, hint));
	else
		complain(parser, parser->line, "the ] of a profile is missing");
}

static void
take_section(struct profile_parser *parser, char *name)
{
	const char *end = strchr(name, ']');

	if (end && *hint_literal(end + 1))
		take_broken_header(parser, name - 1);
	else
		begin_profile(parser, name);
}

void
profile_line(struct profile_parser *parser, char *text)
{
	struct line line = text_split(parser->line ? text : text_skip_mark(text));
	struct profiles *all = &parser->profiles;
	char hint[HINT_LEN];

	parser->line++;
	if (line.kind == LINE_SECTION)
		take_section(parser, line.key);
	else if (line.kind == LINE_BLANK)
		return;
	else if (line.key[hint_blanks(line.key)] == '[')
		take_broken_header(parser, line.key);
	else if (*hint_syntax(line.key) || line.kind == LINE_WORD)
		/* not quoted: the word may be a sequence without its key */
		complain(parser, parser->line, "neither [profile] nor key = value%s", hint_line(line.key, hint));
	else if (all->n)
		take_pair(parser, &all->at[all->n - 1], &line);
	else
		complain(parser, parser->line, "key before the first [profile]");
}

static void
check_profile(struct profile_parser *parser, const struct profile *p)
{
	if (!p->host)
		complain(parser, p->line, "profile \"%.64s\" has no host", p->name);
	if (p->server && !p->door)
		complain(parser, p->line, "profile \"%.64s\" has a server, but no door", p->name);
	if (!p->server && (p->door || p->key || p->totp))
		complain(parser, p->line, "profile \"%.64s\" has door, key or totp, which need server", p->name);
	if (p->totp && seq_code(&p->seq))
		complain(parser, p->line, "profile \"%.64s\" has totp and a code in its sequence", p->name);
	if (p->server && p->one_time)
		complain(parser, p->line, "profile \"%.64s\" has both server and one_time_sequences", p->name);
	if (!p->seq.n && !p->one_time && !p->server)
		complain(parser, p->line, "profile \"%.64s\" has no sequence", p->name);
	if (p->seq.n && p->one_time)
		complain(parser, p->line, "profile \"%.64s\" has both sequence and one_time_sequences", p->name);
	if (p->both && p->source)
		complain(parser, p->line, "profile \"%.64s\" has both = yes and source, which is of one family",
			 p->name);
}

/* A profile that lacks what a line with an error was to give needs no second message. */
void
profile_end(struct profile_parser *parser)
{
	for (size_t i = 0; i < parser->profiles.n; i++)
		if (!parser->profiles.at[i].bad)
			check_profile(parser, &parser->profiles.at[i]);
}

const char *
profile_file_refused(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is not a regular file";
	if (st.st_uid && st.st_uid != geteuid())
		return "belongs to another user, who could change it";
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return "is accessible to other users, but sequences are secret: chmod 600";
	return NULL;
}

static void
read_lines(struct profile_parser *parser, FILE *file)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t len;
	bool whole = true;

	while (whole && (len = getline(&text, &room, file)) > 0) {
		whole = !memchr(text, '\0', (size_t)len);
		if (whole)
			profile_line(parser, text);
		else
			complain(parser, parser->line + 1, "contains a NUL byte");
	}
	if (ferror(file))
		complain(parser, 0, "%s", strerror(errno));
	free(text);
	if (whole)
		profile_end(parser);
}

int
profiles_load(struct profiles *profiles, const char *path, profile_report *report, void *arg)
{
	struct profile_parser parser = { .path = path, .report = report, .arg = arg };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *refused = fd < 0 ? strerror(errno) : profile_file_refused(fd);
	FILE *file = fd < 0 || refused ? NULL : fdopen(fd, "r");

	if (file) {
		read_lines(&parser, file);
		fclose(file);
	} else {
		complain(&parser, 0, "%s", refused ? refused : strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	*profiles = parser.profiles;
	return parser.errors ? -1 : 0;
}

void
profiles_free(struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->n; i++) {
		free(profiles->at[i].name);
		free(profiles->at[i].host);
		free(profiles->at[i].one_time);
		free(profiles->at[i].wait);
		free(profiles->at[i].source);
		free(profiles->at[i].server);
		free(profiles->at[i].door);
		free(profiles->at[i].key);
	}
	free(profiles->at);
	*profiles = (struct profiles){ .at = NULL };
}

const struct profile *
profiles_find(const struct profiles *profiles, const char *name)
{
	for (size_t i = 0; i < profiles->n; i++) {
		if (!strcmp(profiles->at[i].name, name))
			return &profiles->at[i];
	}
	return NULL;
}

static const char *
home(void)
{
	const char *dir = getenv("HOME");
	const struct passwd *pw;

	if (dir && *dir)
		return dir;
	pw = getpwuid(getuid());
	return pw ? pw->pw_dir : NULL;
}

static int
join(char *buf, size_t len, const char *dir, const char *rest)
{
	if (!dir || (size_t)snprintf(buf, len, "%s/%s", dir, rest) >= len)
		return -1;
	return 0;
}

/* The XDG specification requires a relative $XDG_CONFIG_HOME to be ignored. */
int
profiles_path(char *buf, size_t len)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");

	if (xdg && *xdg == '/')
		return join(buf, len, xdg, "knock/config");
	return join(buf, len, home(), ".config/knock/config");
}

int
profiles_state_path(char *buf, size_t len, const char *name)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	char below[PATH_MAX];

	if (xdg && *xdg == '/')
		return join(buf, len, xdg, name);
	if ((size_t)snprintf(below, sizeof(below), ".local/state/%s", name) >= sizeof(below))
		return -1;
	return join(buf, len, home(), below);
}

int
profile_expand(const char *path, const char *config, char *buf, size_t len)
{
	const char *slash = strrchr(config, '/');

	if (!strncmp(path, "~/", 2))
		return join(buf, len, home(), path + 2);
	if (*path == '/' || !slash)
		return text_copy(buf, len, path);
	if ((size_t)snprintf(buf, len, "%.*s%s", (int)(slash - config + 1), config, path) >= len)
		return -1;
	return 0;
}

/* ---- a new profile ------------------------------------------------------------------------------ */

static int
fail_with(const char *path, const char *why, profile_report *report, void *arg)
{
	char text[PATH_MAX + 256];

	snprintf(text, sizeof(text), "%s: %s", path, why);
	report(arg, text);
	return -1;
}

/* Both directories, ~/.config and ~/.config/knock, may be missing. */
static int
open_new(const char *path)
{
	char copy[PATH_MAX];

	if (text_copy(copy, sizeof(copy), path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0700);
		*slash = '/';
	}
	return open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static int
write_profile(int fd, const char *name, const char *invitation, const char *door)
{
	char text[2048];
	int len = snprintf(text, sizeof(text), "\n[%s]\n\tserver = %.*s\n\tdoor   = %s", name,
			   (int)(strrchr(invitation, '/') - invitation), invitation, door);

	errno = EFBIG;
	return (size_t)len < sizeof(text) ? appendline_write(fd, text) : -1;
}

int
profiles_add(const char *path, const char *name, const char *invitation, profile_report *report, void *arg)
{
	struct profiles there = { .n = 0 };
	const char *why = signer_check(invitation, true), *refused;
	char host[256], door[256];
	int fd, failed;

	if (why || signer_names(invitation, host, sizeof(host), door, sizeof(door)))
		return fail_with("the enrolment line", why, report, arg);
	if (!*name || strpbrk(name, "[]\n"))
		return fail_with(name, "is no name for a profile", report, arg);
	if (!access(path, F_OK)) {
		failed = profiles_load(&there, path, report, arg);
		if (!failed && profiles_find(&there, name))
			failed = fail_with(path, "there is a profile of that name", report, arg);
		profiles_free(&there);
		if (failed)
			return -1;
	}
	fd = open_new(path);
	refused = fd < 0 ? strerror(errno) : profile_file_refused(fd);
	if (!refused && write_profile(fd, name, invitation, door))
		refused = strerror(errno);
	if (fd >= 0)
		close(fd);
	return refused ? fail_with(path, refused, report, arg) : 0;
}
