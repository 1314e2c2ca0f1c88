/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/invitation.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#define SCHEME   "knock1:"
#define BOTH_LEN (2 * KNOCK1_KEY_LEN)
#define VARIANT  sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* ---- reading ------------------------------------------------------------------------------------ */

static int
take_keys(struct knock1_site *site, char **rest)
{
	char *text = strsep(rest, "@");
	uint8_t both[BOTH_LEN];
	size_t len;

	if (!*rest || sodium_base642bin(both, sizeof(both), text, strlen(text), NULL, &len, NULL, VARIANT) ||
	    len != sizeof(both))
		return -1;
	memcpy(site->public_key, both, KNOCK1_KEY_LEN);
	memcpy(site->site_key, both + KNOCK1_KEY_LEN, KNOCK1_KEY_LEN);
	sodium_memzero(both, sizeof(both));
	knock1_derive(site);
	return 0;
}

static bool
is_host(const char *host)
{
	for (const char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(".-_:%", *c))
			return false;
	return *host && *host != '-';
}

static int
take_host(struct invitation *invitation, char **rest)
{
	char *host = *rest;

	if (*host == '[') {
		host++;
		*rest = strchr(host, ']');
		if (!*rest || (*rest)[1] != ':')
			return -1;
		**rest = '\0';
		*rest += 2;
	} else {
		host = strsep(rest, ":");
	}
	return *rest && is_host(host) ? text_copy(invitation->host, sizeof(invitation->host), host) : -1;
}

static int
parse_port(uint16_t *port, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || n < 1 || n > 65535)
		return -1;
	*port = (uint16_t)n;
	return 0;
}

static int
take_ports(struct invitation *invitation, char *text)
{
	char *first = strsep(&text, "-");

	if (parse_port(&invitation->port, first))
		return -1;
	invitation->last = invitation->port;
	return text ? parse_port(&invitation->last, text) || invitation->last < invitation->port : 0;
}

static int
take_door(struct invitation *invitation, const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		char c = *text, hex[3] = "";

		if (c == '%' && isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2])) {
			memcpy(hex, text + 1, 2);
			c = (char)strtoul(hex, NULL, 16);
			text += 2;
		}
		if (!c || iscntrl((unsigned char)c) || n == sizeof(invitation->door) - 1)
			return -1;
		invitation->door[n++] = c;
	}
	invitation->door[n] = '\0';
	return n ? 0 : -1;
}

int
invitation_parse_server(struct invitation *invitation, const char *text, const char **why)
{
	struct invitation read = { .port = 0 };
	char copy[INVITATION_LEN], *rest = copy, *door;

	if (strncmp(text, SCHEME, strlen(SCHEME)) || text_copy(copy, sizeof(copy), text + strlen(SCHEME))) {
		*why = "it does not begin with " SCHEME;
		return -1;
	}
	if (take_keys(&read.site, &rest)) {
		*why = "the keys before the @ are damaged: is a part of the line missing?";
		return -1;
	}
	door = strchr(rest, '/');
	if (door)
		*door++ = '\0';
	if (take_host(&read, &rest) || take_ports(&read, rest))
		*why = "after the @ there is no HOST:PORT";
	else if (door && take_door(&read, door))
		*why = "the name of the door after the / is empty, too long or malformed";
	else {
		*invitation = read;
		return 0;
	}
	return -1;
}

int
invitation_parse(struct invitation *invitation, const char *text, const char **why)
{
	if (invitation_parse_server(invitation, text, why))
		return -1;
	*why = "the name of the door, /DOOR, is missing at its end";
	return *invitation->door ? 0 : -1;
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void
write_door(struct pen *pen, const char *door)
{
	for (; *door; door++) {
		if (isalnum((unsigned char)*door) || strchr("._-", *door))
			text_print(pen, "%c", *door);
		else
			text_print(pen, "%%%02x", (unsigned char)*door);
	}
}

const char *
invitation_format(const struct invitation *i, char buf[static INVITATION_LEN])
{
	struct pen pen = text_pen(buf, INVITATION_LEN);
	bool colons = strchr(i->host, ':');
	char text[sodium_base64_ENCODED_LEN(BOTH_LEN, VARIANT)];
	uint8_t both[BOTH_LEN];

	memcpy(both, i->site.public_key, KNOCK1_KEY_LEN);
	memcpy(both + KNOCK1_KEY_LEN, i->site.site_key, KNOCK1_KEY_LEN);
	sodium_bin2base64(text, sizeof(text), both, sizeof(both), VARIANT);
	text_write(&pen, SCHEME, text, "@", colons ? "[" : "", i->host, colons ? "]" : "", ":", NULL);
	text_write_number(&pen, i->port);
	if (i->last != i->port)
		text_print(&pen, "-%u", i->last);
	if (*i->door)
		text_write(&pen, "/", NULL);
	write_door(&pen, i->door);
	return buf;
}
