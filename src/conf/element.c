/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/element.h"

#include <netinet/in.h> /* first: <linux/netfilter.h> would include the kernel's version */

#include <ctype.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/duration.h"
#include "lib/network.h"
#include "lib/seq.h"
#include "lib/text.h"

#define WORDS_MAX 64 /* the longest element has far fewer */

static const struct {
	const char *name;
	uint8_t family;
} families[] = {
	{ "inet", NFPROTO_INET },     { "ip", NFPROTO_IPV4 },       { "ip6", NFPROTO_IPV6 },
	{ "netdev", NFPROTO_NETDEV }, { "bridge", NFPROTO_BRIDGE }, { "arp", NFPROTO_ARP },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *
element_family_name(uint8_t family)
{
	for (size_t i = 0; i < COUNT(families); i++) {
		if (families[i].family == family)
			return families[i].name;
	}
	return NULL;
}

static int
family_of(const char *name)
{
	for (size_t i = 0; i < COUNT(families); i++) {
		if (!strcmp(families[i].name, name))
			return families[i].family;
	}
	return -1;
}

/* --- reading an element -------------------------------------------------------------------------- */

#define ONE_ELEMENT "\"%.80s\": only one element may be between the braces"

struct input {
	struct element *element;
	char *words[WORDS_MAX]; /* into `text` */
	size_t n, at;
	bool timeout_seen;
	char *err;
	size_t errlen;
	char text[2 * ELEMENT_TEXT_MAX]; /* a copy with blanks around the braces */
};

static int complain(struct input *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int
complain(struct input *in, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(in->err, in->errlen, fmt, ap);
	va_end(ap);
	return -1;
}

/* Only braces need no blanks around them: "." and ":" also occur in names and addresses. */
static int
split(struct input *in, const char *text)
{
	char *to = in->text, *rest = in->text, *word;

	if (strlen(text) >= ELEMENT_TEXT_MAX)
		return complain(in, "the element is longer than %d characters", ELEMENT_TEXT_MAX - 1);
	for (; *text && to + 4 < in->text + sizeof(in->text); text++) {
		bool brace = *text == '{' || *text == '}';

		if (brace)
			*to++ = ' ';
		*to++ = isspace((unsigned char)*text) ? ' ' : *text;
		if (brace)
			*to++ = ' ';
	}
	*to = '\0';
	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (in->n == WORDS_MAX)
			return complain(in, "too many words");
		in->words[in->n++] = word;
	}
	return 0;
}

static const char *
peek(const struct input *in)
{
	return in->at < in->n ? in->words[in->at] : "";
}

static bool
eat(struct input *in, const char *word)
{
	if (strcmp(peek(in), word))
		return false;
	in->at++;
	return true;
}

static int
take(struct input *in, char **to, const char *word)
{
	*to = strdup(word);
	return *to ? 0 : complain(in, "out of memory");
}

static bool
is_name(const char *word)
{
	return strlen(word) < ELEMENT_NAME_MAX && (isalpha((unsigned char)*word) || *word == '_') &&
	       word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./\\")] == '\0';
}

static int
read_name(struct input *in, char **to, const char *what)
{
	const char *word = peek(in);

	if (!is_name(word))
		return complain(in, "\"%.80s\" is not a valid name of a %s%s", word, what,
				*word == '@' ? " (no @ here)" : "");
	in->at++;
	return take(in, to, word);
}

/* Why there are too many words before the brace. */
static const char *
hint_where(const struct input *in, size_t brace)
{
	for (size_t i = 0; i < brace; i++)
		if (!strcmp(in->words[i], "element"))
			return ", without a command of nft";
	for (size_t i = 0; i < brace; i++)
		if (strpbrk(in->words[i], "'\"\\"))
			return ", without quotes";
	return "";
}

/* The words before the brace: "table set" or "family table set". */
static int
read_where(struct input *in)
{
	size_t brace = 0;
	int family;

	while (brace < in->n && strcmp(in->words[brace], "{"))
		brace++;
	if (brace == in->n)
		return complain(in, "the { is missing: expected \"family table set { key }\"");
	/* nft has no table with the name of a family either */
	if (brace == 2 && family_of(in->words[0]) >= 0)
		return complain(in, "the name of the set is missing: expected \"[family] table set\" before the {");
	if (brace < 2 || brace > 3)
		return complain(in, "expected \"[family] table set\" before the {%s", hint_where(in, brace));
	in->element->family = NFPROTO_IPV4;
	if (brace == 3) {
		family = family_of(in->words[0]);
		if (family < 0)
			return complain(in, "unknown family \"%.80s\" (inet, ip, ip6, netdev, bridge, arp)",
					in->words[0]);
		in->element->family = (uint8_t)family;
		in->at++;
	}
	return read_name(in, &in->element->table, "table") || read_name(in, &in->element->set, "set") ? -1 : 0;
}

static bool
ends_in_colon(const char *word, size_t len)
{
	return len > 1 && word[len - 1] == ':' && word[len - 2] != ':';
}

/* An IPv4 address written as an IPv6 one, perhaps with a prefix: as IPv4. False: it is something else. */
static bool
unmap(const char *word, char buf[static NETWORK_STRLEN])
{
	struct network network;

	if (!strchr(word, ':') || network_parse(&network, word) || network.addr.family != AF_INET)
		return false;
	network_format(&network, buf);
	return true;
}

/* ::ffff:192.0.2.1 is 192.0.2.1, also in a range: no packet has the IPv6 address. */
static int
take_value(struct input *in, char **to, const char *word)
{
	char text[2 * NETWORK_STRLEN], first[NETWORK_STRLEN], last[NETWORK_STRLEN];
	const char *dash = strchr(word, '-');

	if (unmap(word, first))
		return take(in, to, first);
	if (!dash || text_copy(text, sizeof(text), word))
		return take(in, to, word);
	text[dash - word] = '\0';
	if (!unmap(text, first) || !unmap(dash + 1, last))
		return take(in, to, word);
	snprintf(text, sizeof(text), "%s-%s", first, last);
	return take(in, to, text);
}

/* One field of a key or of data. nft allows quotes around an interface name; they are dropped. */
static int
read_part(struct input *in, char **to)
{
	char *word = in->at < in->n ? in->words[in->at] : NULL;
	size_t len = word ? strlen(word) : 0;

	if (len > 2 && *word == '"' && word[len - 1] == '"') {
		word[len - 1] = '\0';
		word++;
	}
	if (!len || !strcmp(word, ".") || !strcmp(word, ":") || *word == '{' || *word == '}' ||
	    !strcmp(word, "timeout"))
		return complain(in, "expected a value before \"%.80s\"", len ? word : "the end");
	if (strchr(word, ','))
		return complain(in, ONE_ELEMENT, word);
	/* read_key() has cut the colon that begins the data; no value ends in one */
	if (ends_in_colon(word, strlen(word)) ||
	    word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:%*@+")])
		return complain(in, "\"%.80s\" is not a valid value", word);
	in->at++;
	return take_value(in, to, word);
}

/* "%IP%: accept" is "%IP% : accept"; "fe80::" is an address. */
static void
cut_colon(struct input *in, bool *colon)
{
	char *word = in->at < in->n ? in->words[in->at] : NULL;
	size_t len = word ? strlen(word) : 0;

	*colon = word && ends_in_colon(word, len);
	if (*colon)
		word[len - 1] = '\0';
}

static int
read_key(struct input *in, bool *colon)
{
	struct element *element = in->element;

	do {
		if (element->n_parts == ELEMENT_PARTS)
			return complain(in, "a key has at most %d parts", ELEMENT_PARTS);
		cut_colon(in, colon);
		if (read_part(in, &element->parts[element->n_parts]))
			return -1;
		element->n_parts++;
	} while (!*colon && eat(in, "."));
	return 0;
}

/* Data may be several words: "jump web", "10.0.0.1 . 80". */
static int
read_data(struct input *in)
{
	char text[ELEMENT_TEXT_MAX], *part = NULL;
	struct pen pen = text_pen(text, sizeof(text));
	size_t n = 0;

	if (in->element->data)
		return complain(in, "more than one \":\"");
	while (*peek(in) && strcmp(peek(in), "}") && strcmp(peek(in), ":") && strcmp(peek(in), "timeout")) {
		if (n && eat(in, "."))
			text_write(&pen, " .", NULL);
		if (read_part(in, &part))
			return -1;
		text_write(&pen, n++ ? " " : "", part, NULL);
		free(part);
	}
	if (!n)
		return complain(in, "expected a value after \":\"");
	return take(in, &in->element->data, text);
}

int
element_timeout(uint64_t *ms, const char *text, char *err, size_t errlen)
{
	uint64_t n;

	if (duration_parse(&n, text)) {
		snprintf(err, errlen, "\"%.80s\" is not a timeout (for example 90, 30s, 1h30m, 7d)", text);
		return -1;
	}
	if (n > ELEMENT_TIMEOUT_MAX_MSEC) {
		snprintf(err, errlen, "\"%.80s\" is longer than the kernel allows (%" PRIu64 "ms)", text,
			 ELEMENT_TIMEOUT_MAX_MSEC);
		return -1;
	}
	*ms = n;
	return 0;
}

static int
read_timeout(struct input *in)
{
	const char *word = peek(in);

	if (in->timeout_seen)
		return complain(in, "more than one timeout");
	if (element_timeout(&in->element->timeout_ms, word, in->err, in->errlen))
		return -1;
	in->timeout_seen = true;
	in->at++;
	return 0;
}

/* Is it the rest of a time, as in "timeout 1h 30m" and "timeout 5 m"? */
static bool
is_more_time(const struct input *in)
{
	const char *word = peek(in);

	return in->at > 1 && !strcmp(in->words[in->at - 2], "timeout") && !word[strspn(word, "0123456789dhms")];
}

static const char *
hint_unknown(const struct input *in)
{
	const char *before = in->words[in->at - 1];

	if (*peek(in) == '.' || before[strlen(before) - 1] == '.')
		return ": a \".\" has a blank on each side";
	return is_more_time(in) ? ": a time has no blanks" : "";
}

static int
read_unknown(struct input *in)
{
	const char *word = peek(in);

	if (!*word)
		return complain(in, "the closing } is missing");
	if (!strcmp(word, "comment"))
		return complain(in, "\"comment\" is not allowed: knockd sets the comment");
	if (!strcmp(word, "expires"))
		return complain(in, "\"expires\" is not allowed: use timeout");
	if (strchr(word, ','))
		return complain(in, ONE_ELEMENT, word);
	return complain(in, "unexpected \"%.80s\"%s", word, hint_unknown(in));
}

/* nft requires the timeout before the colon; knockd accepts both orders, since both are clear. */
static int
read_body(struct input *in)
{
	bool colon = false;

	if (!eat(in, "{"))
		return complain(in, "expected a { before \"%.80s\"", peek(in));
	if (eat(in, "}"))
		return complain(in, "there is nothing between the braces");
	if (read_key(in, &colon) || (colon && read_data(in)))
		return -1;
	while (!eat(in, "}")) {
		if (eat(in, ":") ? read_data(in) : eat(in, "timeout") ? read_timeout(in) : read_unknown(in))
			return -1;
	}
	if (*peek(in))
		return complain(in, "unexpected \"%.80s\" after the }", peek(in));
	return 0;
}

int
element_parse(struct element *element, const char *text, char *err, size_t errlen)
{
	struct input in = { .element = element, .err = err, .errlen = errlen };

	memset(element, 0, sizeof(*element));
	if (split(&in, text) || read_where(&in) || read_body(&in)) {
		element_free(element);
		return -1;
	}
	return 0;
}

void
element_free(struct element *element)
{
	free(element->table);
	free(element->set);
	free(element->data);
	for (size_t i = 0; i < element->n_parts; i++)
		free(element->parts[i]);
	memset(element, 0, sizeof(*element));
}

size_t
element_split(char *text, char *parts[static ELEMENT_PARTS])
{
	size_t n = 0;
	char *dot;

	for (; n < ELEMENT_PARTS; text = dot + 3) {
		dot = strstr(text, " . ");
		if (dot)
			*dot = '\0';
		parts[n++] = text_trim(text);
		if (!dot)
			return n;
	}
	return 0;
}

/* --- writing one --------------------------------------------------------------------------------- */

const char *
element_comment(const char *text, char buf[static ELEMENT_COMMENT_MAX])
{
	size_t used = 0, n;

	for (; *text; text += n) {
		bool shown = text_char(text, &n) && *text != '"' && !iscntrl((unsigned char)*text);
		size_t add = shown ? n : 1;

		if (used + add >= ELEMENT_COMMENT_MAX)
			break;
		memcpy(buf + used, shown ? text : "_", add);
		used += add;
	}
	buf[used] = '\0';
	return buf;
}

static void
write_part(struct pen *pen, const char *part, const struct addr *ip)
{
	char text[ADDR_STRLEN];

	if (!strncmp(part, "%IP%", 4))
		text_write(pen, addr_format(ip, text), part + 4, NULL);
	else
		text_write(pen, part, NULL);
}

const char *
element_expand(const char *part, const struct addr *ip, char *buf, size_t len)
{
	struct pen pen = text_pen(buf, len);

	write_part(&pen, part, ip);
	return buf;
}

/* N of "/N"; -1: not a prefix. */
static int
read_prefix(const char *text)
{
	char *end;
	long n;

	if (*text != '/' || !isdigit((unsigned char)text[1]))
		return -1;
	n = strtol(text + 1, &end, 10);
	return *end || n > ELEMENT_WHOLE ? -1 : (int)n;
}

int
element_prefix(const struct element *element)
{
	int least = ELEMENT_WHOLE;

	for (size_t i = 0; i < element->n_parts; i++) {
		const char *part = element->parts[i];
		int bits = ELEMENT_WHOLE;

		if (!strncmp(part, "%IP%", 4) && part[4])
			bits = read_prefix(part + 4);
		if (bits < least)
			least = bits;
	}
	return least;
}

static bool
is_asked(const char *part)
{
	return !strcmp(part, "%PROTO%") || !strcmp(part, "%PORT%");
}

bool
element_wants_port(const struct element *element)
{
	for (size_t i = 0; i < element->n_parts; i++)
		if (is_asked(element->parts[i]))
			return true;
	return false;
}

static char *
copy_part(const char *part, uint8_t proto, uint16_t port)
{
	char number[16];

	if (!port || !is_asked(part))
		return strdup(part);
	snprintf(number, sizeof(number), "%u", port);
	return strdup(strcmp(part, "%PORT%") ? seq_proto_name(proto) : number);
}

uint64_t
element_lasts(const struct element *element)
{
	return element->idle_ms ? element->limit_ms : element->timeout_ms;
}

int
element_copy(struct element *to, const struct element *from, uint8_t proto, uint16_t port, uint64_t limit_ms)
{
	bool whole = true;

	*to = (struct element){ .family = from->family,
				.table = strdup(from->table),
				.set = strdup(from->set),
				.data = from->data ? strdup(from->data) : NULL,
				.timeout_ms = from->timeout_ms,
				.idle_ms = from->idle_ms,
				.limit_ms = limit_ms ? limit_ms : from->limit_ms,
				.line = from->line };
	for (; to->n_parts < from->n_parts && whole; to->n_parts++) {
		to->parts[to->n_parts] = copy_part(from->parts[to->n_parts], proto, port);
		whole = to->parts[to->n_parts];
	}
	if (whole && to->table && to->set && (to->data || !from->data))
		return 0;
	element_free(to);
	return -1;
}

/* In the shell's single quotes only the single quote is special. */
static void
write_quoted(struct pen *pen, const char *text)
{
	for (; *text; text++) {
		const char letter[] = { *text, '\0' };

		text_write(pen, *text == '\'' ? "'\\''" : letter, NULL);
	}
}

static void
write_data(struct pen *pen, const char *data, const struct addr *ip)
{
	char copy[ELEMENT_TEXT_MAX], *parts[ELEMENT_PARTS];
	size_t n;

	text_copy(copy, sizeof(copy), data);
	n = element_split(copy, parts);
	for (size_t i = 0; i < n; i++) {
		text_write(pen, i ? " . " : " : ", NULL);
		write_part(pen, parts[i], ip);
	}
}

static void
write_where(struct pen *pen, const struct element *element)
{
	const char *family = element_family_name(element->family);

	text_write(pen, family ? family : "?", " ", element->table, " ", element->set, NULL);
}

static void
write_life(struct pen *pen, const struct element *element)
{
	if (!element->timeout_ms)
		return;
	text_write(pen, " timeout ", NULL);
	duration_write(pen, element->timeout_ms);
}

static void
write_extras(struct pen *pen, const struct element *element, const struct addr *ip, const char *comment)
{
	char text[ELEMENT_COMMENT_MAX];

	write_life(pen, element);
	if (comment) {
		text_write(pen, " comment \"", NULL);
		write_quoted(pen, element_comment(comment, text));
		text_write(pen, "\"", NULL);
	}
	if (element->data)
		write_data(pen, element->data, ip);
}

const char *
element_text(const struct element *element, char *buf, size_t len)
{
	struct pen pen = text_pen(buf, len);

	write_where(&pen, element);
	text_write(&pen, " {", NULL);
	for (size_t i = 0; i < element->n_parts; i++)
		text_write(&pen, i ? " . " : " ", element->parts[i], NULL);
	write_life(&pen, element);
	if (element->data)
		text_write(&pen, " : ", element->data, NULL);
	text_write(&pen, " }", NULL);
	return buf;
}

static void
write_key(struct pen *pen, const struct element *element, const struct addr *ip)
{
	for (size_t i = 0; i < element->n_parts; i++) {
		text_write(pen, i ? " . " : " ", NULL);
		write_part(pen, element->parts[i], ip);
	}
}

const char *
element_for(const struct element *element, const struct addr *ip, char *buf, size_t len)
{
	struct pen pen = text_pen(buf, len);

	write_where(&pen, element);
	text_write(&pen, " {", NULL);
	write_key(&pen, element, ip);
	if (element->data)
		write_data(&pen, element->data, ip);
	text_write(&pen, " }", NULL);
	return buf;
}

const char *
element_command(const struct element *element, const char *verb, const struct addr *ip, const char *comment, char *buf,
		size_t len)
{
	struct pen pen = text_pen(buf, len);

	text_write(&pen, "nft ", verb, " element ", NULL);
	write_where(&pen, element);
	text_write(&pen, " '{", NULL);
	write_key(&pen, element, ip);
	if (strcmp(verb, "delete"))
		write_extras(&pen, element, ip, comment);
	text_write(&pen, " }'", NULL);
	return buf;
}
