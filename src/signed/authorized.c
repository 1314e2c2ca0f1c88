/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/authorized.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "lib/duration.h"
#include "lib/network.h"
#include "lib/text.h"
#include "lib/trust.h"

/* ---- lists of patterns -------------------------------------------------------------------------- */

/* '*' stands for any text, '?' for one character. */
static bool
fits(const char *pattern, const char *text)
{
	const char *star = NULL, *after = NULL; /* the last '*', and where what follows it is looked for */

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			after = text;
		} else if (*pattern &&
			   (*pattern == '?' || tolower((unsigned char)*pattern) == tolower((unsigned char)*text))) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++after;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

static bool
is_pattern(const char *word)
{
	return strpbrk(word, "*?") && strspn(word, "0123456789abcdefABCDEF.:*?") == strlen(word);
}

static bool
has_address(const char *word, const struct addr *ip)
{
	struct network network;
	char text[ADDR_STRLEN];

	if (!network_parse(&network, word))
		return network_has(&network, ip);
	return fits(word, addr_format(ip, text));
}

/* As in sshd: a word with '!' that fits refuses, whatever else fits. */
bool
authorized_from(const struct authorized_key *key, const struct addr *ip)
{
	char *copy = key->from ? strdup(key->from) : NULL, *rest = copy, *word;
	bool found = false, refused = !copy;

	if (!key->from)
		return true;
	while (!refused && (word = strsep(&rest, ","))) {
		bool negated = *word == '!';

		if (!has_address(word + negated, ip))
			continue;
		refused = negated;
		found = true;
	}
	free(copy);
	return found && !refused;
}

bool
authorized_door(const struct authorized_key *key, const char *door)
{
	size_t len = strlen(door);

	if (!key->doors)
		return true;
	for (const char *at = key->doors; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, door, len) && (!at[len] || at[len] == ','))
			return true;
	}
	return false;
}

bool
authorized_port(const struct authorized_key *key, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < key->ports.n; i++)
		if (key->ports.at[i].proto == proto && key->ports.at[i].port == port)
			return true;
	return !key->ports.n;
}

/* ---- options ------------------------------------------------------------------------------------ */

static const char *
set_user(struct authorized_key *key, const char *value)
{
	if (!*value || text_copy(key->user, sizeof(key->user), value))
		return "user needs a name of at most 63 bytes";
	for (const char *c = value; *c; c++)
		if (iscntrl((unsigned char)*c) || *c == '"')
			return "user has a character that no name has";
	return NULL;
}

static const char *
set_text(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? NULL : "out of memory";
}

static const char *
set_doors(struct authorized_key *key, const char *value)
{
	return *value ? set_text(&key->doors, value) : "doors needs the name of a door";
}

static const char *
set_from(struct authorized_key *key, const char *value)
{
	char *copy = strdup(value), *rest = copy, *word;
	struct network network;
	bool good = copy;

	while (good && (word = strsep(&rest, ","))) {
		word += *word == '!';
		good = is_pattern(word) || !network_parse(&network, word);
	}
	free(copy);
	return good ? set_text(&key->from, value)
		    : "from takes addresses, networks such as 192.0.2.0/24 and patterns of addresses; names are not "
		      "looked up";
}

static const char *
set_ports(struct authorized_key *key, const char *value)
{
	return seq_parse(&key->ports, value, NULL) ? "ports takes ports such as 22:tcp, separated by commas" : NULL;
}

static const char *
set_max_time(struct authorized_key *key, const char *value)
{
	uint64_t ms;

	if (duration_parse(&ms, value) || ms < 1000 || ms / 1000 > UINT32_MAX)
		return "max-time needs a time of at least a second, such as 8h";
	key->max_seconds = (uint32_t)(ms / 1000);
	return NULL;
}

/* YYYYMMDD[HHMM[SS]][Z], by the local clock without Z. */
static const char *
set_expiry(struct authorized_key *key, const char *value)
{
	static const char *const formats[] = { "%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S" };
	size_t digits = strspn(value, "0123456789");
	bool utc = !strcasecmp(value + digits, "Z");
	size_t format = digits == 8 ? 0 : digits == 12 ? 1 : digits == 14 ? 2 : 3;
	struct tm tm = { .tm_isdst = -1 };
	char copy[16];
	const char *end;

	snprintf(copy, sizeof(copy), "%.*s", (int)digits, value);
	if (format == 3 || (value[digits] && !utc) || !(end = strptime(copy, formats[format], &tm)) || *end)
		return "expiry-time needs a time such as 20270131, 202701312359 or 20270131235959Z";
	tm.tm_isdst = -1;
	key->expiry = utc ? timegm(&tm) : mktime(&tm);
	return key->expiry > 0 ? NULL : "expiry-time is out of range";
}

static const char *
set_no_touch(struct authorized_key *key, const char *value)
{
	(void)value;
	key->no_touch = true;
	return NULL;
}

static const char *
set_verify(struct authorized_key *key, const char *value)
{
	(void)value;
	key->verify = true;
	return NULL;
}

static const char *
set_other_address(struct authorized_key *key, const char *value)
{
	(void)value;
	key->other_address = true;
	return NULL;
}

static const char *
set_totp(struct authorized_key *key, const char *value)
{
	(void)value;
	key->totp = true;
	return NULL;
}

static const struct option {
	const char *name;
	bool valued;
	const char *(*set)(struct authorized_key *key, const char *value);
} options[] = {
	{ "user", true, set_user },
	{ "doors", true, set_doors },
	{ "ports", true, set_ports },
	{ "max-time", true, set_max_time },
	{ "from", true, set_from },
	{ "expiry-time", true, set_expiry },
	{ "no-touch-required", false, set_no_touch },
	{ "verify-required", false, set_verify },
	{ "other-address", false, set_other_address },
	{ "totp", false, set_totp },
};

/* Cuts the value of an option off: in quotes, where \" is a quote, or up to the next comma or blank. NULL: no end. */
static char *
cut_value(char **rest)
{
	char *value = *rest, *to = value, *from = value;

	if (*from != '"') {
		from += strcspn(from, ", \t");
		*rest = from;
		return value;
	}
	for (from++; *from && *from != '"'; from++) {
		if (*from == '\\' && from[1] == '"')
			from++;
		*to++ = *from;
	}
	if (!*from)
		return NULL;
	*to = '\0';
	*rest = from + 1;
	return value;
}

static const char *
set_option(struct authorized_key *key, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcasecmp(options[i].name, name))
			continue;
		if (options[i].valued == (value != NULL))
			return options[i].set(key, value);
		return value ? "an option has a value that takes none"
			     : "an option needs a value, as in name=\"value\"";
	}
	return "unknown option: the known ones are user, doors, ports, max-time, from, expiry-time, no-touch-required, "
	       "verify-required, other-address and totp";
}

/* `more`: a comma and another option follow. */
static const char *
take_option(struct authorized_key *key, char **rest, bool *more)
{
	char *name = *rest, *value = NULL, after;
	size_t len = strcspn(name, "=, \t");

	*rest = name + len;
	if (name[len] == '=') {
		(*rest)++;
		value = cut_value(rest);
		if (!value)
			return "the quote of an option is not closed";
	}
	after = **rest;
	if (after && after != ',' && after != ' ' && after != '\t')
		return "a comma or a blank must follow an option";
	*more = after == ',';
	if (after)
		*(*rest)++ = '\0';
	name[len] = '\0';
	return set_option(key, name, value);
}

/* Takes the options off the line. A blank ends them. */
static const char *
take_options(struct authorized_key *key, char **line)
{
	const char *wrong = NULL;
	bool more = true;

	while (more && !wrong)
		wrong = take_option(key, line, &more);
	*line = text_trim(*line);
	return wrong;
}

/* ---- lines -------------------------------------------------------------------------------------- */

static void
clear(struct authorized_key *key)
{
	free(key->from);
	free(key->doors);
}

static const char *
name_user(struct authorized_key *key, const char *comment)
{
	if (*key->user)
		return NULL;
	return *comment ? set_user(key, comment) : "the line names no user: add user=\"NAME\" before the key";
}

static bool
begins_with_type(const char *line)
{
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(line, " \t"), line);
	return sshkey_is_type(word);
}

static const char *
parse(struct authorized_key *key, char *line)
{
	const char *wrong = begins_with_type(line) ? NULL : take_options(key, &line);
	char *rest = line, *type, *base64;

	if (wrong)
		return wrong;
	type = strsep(&rest, " \t");
	if (!rest || !sshkey_is_type(type))
		return "there is no key: a line is [OPTIONS] TYPE BASE64 [COMMENT]";
	rest = text_trim(rest);
	base64 = strsep(&rest, " \t");
	if (sshkey_parse(&key->key, type, base64, &wrong))
		return wrong;
	knock1_key_id(key->key.public_key, key->id);
	if ((key->no_touch || key->verify) && !key->key.fido)
		return "no-touch-required and verify-required are for security keys (sk-ssh-ed25519)";
	return name_user(key, rest ? text_trim(rest) : "");
}

const char *
authorized_line(struct authorized *authorized, char *line, int number)
{
	struct authorized_key key = { .line = number }, *at;
	char *text = text_trim(line);
	const char *wrong;

	if (!*text || *text == '#')
		return NULL;
	if (authorized->n == AUTHORIZED_MAX)
		return "too many keys: no more than 10000";
	wrong = parse(&key, text);
	if (!wrong && authorized_find(authorized, key.id))
		wrong = "the key is in a line above";
	at = wrong ? NULL : reallocarray(authorized->at, authorized->n + 1, sizeof(*at));
	if (!at) {
		clear(&key);
		return wrong ? wrong : "out of memory";
	}
	authorized->at = at;
	at[authorized->n++] = key;
	return NULL;
}

void
authorized_free(struct authorized *authorized)
{
	for (size_t i = 0; i < authorized->n; i++)
		clear(&authorized->at[i]);
	free(authorized->at);
	*authorized = (struct authorized){ .n = 0 };
}

const struct authorized_key *
authorized_find(const struct authorized *authorized, const uint8_t id[static KNOCK1_ID_LEN])
{
	for (size_t i = 0; i < authorized->n; i++)
		if (!memcmp(authorized->at[i].id, id, KNOCK1_ID_LEN))
			return &authorized->at[i];
	return NULL;
}

/* ---- the file ----------------------------------------------------------------------------------- */

static int
read_lines(struct authorized *authorized, FILE *file, authorized_report *report, void *arg)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	for (int number = 1; (len = getline(&line, &room, file)) > 0; number++) {
		const char *wrong =
		    memchr(line, '\0', (size_t)len) ? "contains a NUL byte" : authorized_line(authorized, line, number);

		if (wrong)
			report(arg, number, wrong);
	}
	free(line);
	if (!ferror(file))
		return 0;
	report(arg, 0, strerror(errno));
	authorized_free(authorized);
	return -1;
}

int
authorized_read(struct authorized *authorized, int fd, uid_t self, authorized_report *report, void *arg)
{
	const char *why = fd < 0 ? strerror(errno) : NULL;
	FILE *file;
	int failed = -1;

	*authorized = (struct authorized){ .n = 0 };
	if (fd >= 0 && trust_of(fd, self, &why) != TRUST_NONE)
		why = NULL; /* public keys are no secret */
	file = why || fd < 0 ? NULL : fdopen(fd, "r");
	if (file) {
		failed = read_lines(authorized, file, report, arg);
		fclose(file);
		return failed;
	}
	report(arg, 0, why ? why : strerror(errno));
	if (fd >= 0)
		close(fd);
	return failed;
}
