/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of `grant` or `revoke`. An accepted one can be written as nft's text and parsed again. */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "conf/element.h"

#define COMMAND "nft add element "

/* A value of this length, with family and address filled in, stays below the parser's limits. */
#define SHORT 100

static void
remove_quotes(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '\'')
			*to++ = *text;
	*to = '\0';
}

static void
write_and_read(const struct element *element, const char *knocker, bool is_short)
{
	char text[8 * ELEMENT_TEXT_MAX], again[8 * ELEMENT_TEXT_MAX], err[256];
	struct element second;
	struct addr ip;

	HOLDS(!addr_parse(&ip, knocker));
	element_command(element, "add", &ip, "a 'door'\"s", text, sizeof(text));
	element_command(element, "add", &ip, NULL, text, sizeof(text));
	element_command(element, "add", &ip, NULL, again, sizeof(again));
	HOLDS(!strncmp(text, COMMAND, strlen(COMMAND)));
	if (!is_short)
		return;
	remove_quotes(text);
	HOLDS(!element_parse(&second, text + strlen(COMMAND), err, sizeof(err)));
	HOLDS(second.family == element->family && second.n_parts == element->n_parts);
	HOLDS(second.timeout_ms == element->timeout_ms);
	element_command(&second, "add", &ip, NULL, text, sizeof(text));
	HOLDS(!strcmp(text, again));
	element_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), err[256] = "";
	struct element element;

	if (element_parse(&element, text, err, sizeof(err))) {
		HOLDS(*err && !strchr(err, '\n'));
	} else {
		write_and_read(&element, "192.0.2.1", size <= SHORT);
		write_and_read(&element, "2001:db8::1", size <= SHORT);
		element_free(&element);
	}
	free(text);
	return 0;
}
