/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/request.h"

#include <stdio.h>
#include <string.h>

#include "lib/duration.h"
#include "lib/network.h"
#include "lib/text.h"

/* Arguments that a command takes, and those that it needs. */
enum {
	ADDRS = 1 << 0,
	DOOR = 1 << 1,
	ALL = 1 << 2,
	TIME = 1 << 3, /* needed, too */
	ONE = 1 << 4,  /* one address, and no prefix */
	NEEDS_ADDR = 1 << 5,
	NEEDS_DOOR = 1 << 6,
	NEEDS_ANY = 1 << 7, /* an address, a door or --all */
	RESET = 1 << 8,     /* --reset USER */
	USER = 1 << 9,      /* a user, needed too */
	HOST = 1 << 10,     /* --host HOST, likewise */
	CUT = 1 << 11,
	BY_HAND = 1 << 12,
	FOREVER = 1 << 13,
	SYNC = 1 << 14,
};

static const struct {
	const char *name;
	unsigned takes;
} commands[REQUEST_COMMANDS] = {
	[REQUEST_STATUS] = { "status", 0 },
	[REQUEST_DOORS] = { "doors", 0 },
	[REQUEST_LIST] = { "list", ADDRS | DOOR },
	[REQUEST_ATTEMPTS] = { "attempts", 0 },
	[REQUEST_REVOKE] = { "revoke", ADDRS | DOOR | ALL | NEEDS_ANY | CUT | BY_HAND },
	[REQUEST_EXTEND] = { "extend", ADDRS | DOOR | TIME | NEEDS_ADDR },
	[REQUEST_GRANT] = { "grant", ADDRS | ONE | DOOR | NEEDS_ADDR | NEEDS_DOOR | FOREVER },
	[REQUEST_WATCH] = { "watch", 0 },
	[REQUEST_STATS] = { "stats", 0 },
	[REQUEST_RELOAD] = { "reload", 0 },
	[REQUEST_CHECK] = { "check", 0 },
	[REQUEST_UNGUARD] = { "unguard", 0 },
	[REQUEST_USERS] = { "users", RESET },
	[REQUEST_ENROL] = { "enrol", USER | HOST | DOOR },
	[REQUEST_TOTP] = { "totp", USER | HOST },
	[REQUEST_PEERS] = { "peers", SYNC },
};

const char *
request_name(enum request_command command)
{
	return commands[command].name;
}

enum request_command
request_find(const char *name)
{
	enum request_command c = 0;

	while (c < REQUEST_COMMANDS && strcmp(commands[c].name, name))
		c++;
	return c;
}

/* ---- words ------------------------------------------------------------------------------------- */

/* Cuts one word off in place, without its quotes and backslashes. NULL if a quote is not closed. */
static char *
next_word(char **rest)
{
	char *from = *rest + strspn(*rest, " \t"), *word = from, *to = from;
	bool quoted = *from == '"';

	for (from += quoted; *from && (quoted ? *from != '"' : !strchr(" \t", *from)); from++) {
		if (quoted && *from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	if (quoted && *from != '"')
		return NULL;
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static int
split(char *text, char *words[static REQUEST_WORDS], size_t *n, char *err, size_t errlen)
{
	for (*n = 0; *(text += strspn(text, " \t")); (*n)++) {
		if (*n == REQUEST_WORDS) {
			snprintf(err, errlen, "too many words");
			return -1;
		}
		words[*n] = next_word(&text);
		if (!words[*n]) {
			snprintf(err, errlen, "a quote is not closed");
			return -1;
		}
	}
	return 0;
}

static bool
is_plain(const char *word)
{
	return *word && !strpbrk(word, " \t\r\"\\"); /* an unquoted \r at the end of the line would be cut */
}

/* Returns the length of the quoted word, and writes it to `to` unless that is NULL. */
static size_t
quote(char *to, const char *word)
{
	size_t n = 0;

	if (to)
		to[n] = '"';
	for (n++; *word; word++) {
		if (*word == '"' || *word == '\\') {
			if (to)
				to[n] = '\\';
			n++;
		}
		if (to)
			to[n] = *word;
		n++;
	}
	if (to)
		to[n] = '"';
	return n + 1;
}

int
request_format(char *buf, size_t len, const char *const *words, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		size_t add = is_plain(words[i]) ? strlen(words[i]) : quote(NULL, words[i]);

		if (strchr(words[i], '\n') || used + add + 2 > len)
			return -1;
		if (i)
			buf[used++] = ' ';
		if (is_plain(words[i]))
			memcpy(buf + used, words[i], add);
		else
			quote(buf + used, words[i]);
		used += add;
	}
	buf[used] = '\0';
	return 0;
}

/* ---- meaning ----------------------------------------------------------------------------------- */

/* "-5m" shortens. */
static int
take_time(struct request *r, const char *word, char *err, size_t errlen)
{
	bool negative = *word == '-';
	uint64_t ms;

	if (duration_parse(&ms, word + negative) || ms > REQUEST_EXTEND_MAX_MSEC) {
		snprintf(err, errlen, "\"%s\" is not a time like 90s, 30m or 1h30m, ten years at most", word);
		return -1;
	}
	r->by_ms = negative ? -(int64_t)ms : (int64_t)ms;
	return 0;
}

static bool
is_whole(const struct network *net)
{
	return net->bits == addr_len(&net->addr) * 8;
}

static int
take_addr(struct request *r, const struct network *net, char *err, size_t errlen)
{
	char text[ADDR_STRLEN];

	if (r->whom.n_nets == REQUEST_NETS) {
		snprintf(err, errlen, "%s: more than %d addresses", request_name(r->command), REQUEST_NETS);
		return -1;
	}
	if (is_whole(net) && !addr_is_host(&net->addr)) {
		snprintf(err, errlen, "%s: no host has the address %s", request_name(r->command),
			 addr_format(&net->addr, text));
		return -1;
	}
	r->whom.nets[r->whom.n_nets++] = *net;
	return 0;
}

/* A word without an option: addresses, then the time. */
static int
take_word(struct request *r, unsigned takes, const char *word, char *err, size_t errlen)
{
	struct network net;

	if (takes & ADDRS && !r->by_ms && !network_parse(&net, word))
		return take_addr(r, &net, err, errlen);
	if (takes & TIME && r->whom.n_nets && !r->by_ms)
		return take_time(r, word, err, errlen);
	if (takes & ADDRS && !r->by_ms)
		snprintf(err, errlen, "\"%s\" is not an IPv4 or IPv6 address%s", word,
			 strchr(word, '%') ? ": leave out the zone" : "");
	else
		snprintf(err, errlen, "%s: unexpected \"%s\"", request_name(r->command), word);
	return -1;
}

static int
take_words(struct request *r, unsigned takes, char *const *words, size_t n, char *err, size_t errlen)
{
	for (size_t i = 0; i < n; i++) {
		if (takes & DOOR && !strcmp(words[i], "--door") && i + 1 < n)
			r->whom.door = words[++i];
		else if (takes & ALL && !strcmp(words[i], "--all"))
			r->all = true;
		else if (takes & RESET && !strcmp(words[i], "--reset") && i + 1 < n)
			r->user = words[++i];
		else if (takes & HOST && !strcmp(words[i], "--host") && i + 1 < n)
			r->host = words[++i];
		else if (takes & USER && !r->user && *words[i] != '-')
			r->user = words[i];
		else if (takes & CUT && !strcmp(words[i], "--cut"))
			r->cut = true;
		else if (takes & BY_HAND && !strcmp(words[i], "--by-hand"))
			r->by_hand = true;
		else if (takes & FOREVER && !strcmp(words[i], "--forever"))
			r->forever = true;
		else if (takes & SYNC && !strcmp(words[i], "--sync"))
			r->sync = true;
		else if (take_word(r, takes, words[i], err, errlen))
			return -1;
	}
	return 0;
}

static bool
are_whole(const struct request_whom *whom)
{
	size_t i = 0;

	while (i < whom->n_nets && is_whole(&whom->nets[i]))
		i++;
	return i == whom->n_nets && i;
}

static const char *
missing(const struct request *r, unsigned takes)
{
	const struct request_whom *whom = &r->whom;

	if (takes & NEEDS_ADDR && !whom->n_nets)
		return "an address is missing";
	if (takes & ONE && (whom->n_nets > 1 || !is_whole(&whom->nets[0])))
		return "takes one address, and no prefix";
	if (takes & USER && !r->user)
		return "a user is missing";
	if (takes & HOST && !r->host)
		return "--host is missing";
	if (takes & NEEDS_DOOR && !whom->door)
		return "--door is missing";
	if (takes & TIME && !r->by_ms)
		return "a time is missing";
	if (takes & NEEDS_ANY && !whom->n_nets && !whom->door && !r->all)
		return "an address, --door or --all is missing";
	if (r->by_hand && !are_whole(whom))
		return "--by-hand needs addresses, and no prefix";
	if (r->all && (whom->n_nets || whom->door))
		return "--all takes no address and no --door";
	return NULL;
}

int
request_take(struct request *r, char *const *words, size_t n, char *err, size_t errlen)
{
	const char *what;
	unsigned takes;

	r->whom.n_nets = 0;
	r->whom.door = NULL;
	r->all = r->cut = r->by_hand = r->forever = r->sync = false;
	r->by_ms = 0;
	r->user = r->host = NULL;
	r->command = n ? request_find(words[0]) : REQUEST_COMMANDS;
	if (r->command == REQUEST_COMMANDS) {
		snprintf(err, errlen, n ? "unknown command \"%s\"" : "no command given", n ? words[0] : "");
		return -1;
	}
	takes = commands[r->command].takes;
	if (take_words(r, takes, words + 1, n - 1, err, errlen))
		return -1;
	what = missing(r, takes);
	if (what)
		snprintf(err, errlen, "%s: %s", words[0], what);
	return what ? -1 : 0;
}

int
request_parse(struct request *r, const void *bytes, size_t len, char *err, size_t errlen)
{
	char *words[REQUEST_WORDS];
	size_t n;

	if (len > REQUEST_LINE_MAX || memchr(bytes, '\0', len) || memchr(bytes, '\n', len)) {
		snprintf(err, errlen, "the request is not valid text");
		return -1;
	}
	memcpy(r->text, bytes, len);
	r->text[len] = '\0';
	if (len && r->text[len - 1] == '\r')
		r->text[len - 1] = '\0';
	return split(r->text, words, &n, err, errlen) ? -1 : request_take(r, words, n, err, errlen);
}

bool
request_means(const struct request_whom *whom, const struct addr *ip, const char *door)
{
	bool meant = !whom->n_nets;

	for (size_t i = 0; i < whom->n_nets && !meant; i++)
		meant = network_has(&whom->nets[i], ip);
	return meant && (!whom->door || !strcmp(whom->door, door));
}

const char *
request_describe(const struct request *r, char *buf, size_t len)
{
	struct pen pen = text_pen(buf, len);
	char net[NETWORK_STRLEN], door[256];

	text_write(&pen, request_name(r->command), NULL);
	for (size_t i = 0; i < r->whom.n_nets; i++)
		text_write(&pen, " ", network_format(&r->whom.nets[i], net), NULL);
	if (r->whom.door)
		text_write(&pen, " --door ", text_utf8(r->whom.door, true, door, sizeof(door)), NULL);
	if (r->user)
		text_write(&pen, r->command == REQUEST_USERS ? " --reset " : " ",
			   text_utf8(r->user, true, door, sizeof(door)), NULL);
	if (r->all)
		text_write(&pen, " --all", NULL);
	if (r->cut)
		text_write(&pen, " --cut", NULL);
	if (r->by_hand)
		text_write(&pen, " --by-hand", NULL);
	if (r->forever)
		text_write(&pen, " --forever", NULL);
	if (r->sync)
		text_write(&pen, " --sync", NULL);
	if (r->by_ms) {
		text_write(&pen, r->by_ms < 0 ? " -" : " ", NULL);
		duration_write(&pen, (uint64_t)(r->by_ms < 0 ? -r->by_ms : r->by_ms));
	}
	return buf;
}
