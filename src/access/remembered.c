/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/remembered.h"

#include <stdio.h>
#include <string.h>

#include "access/command.h"
#include "lib/text.h"

static bool
is_stop_command(const struct door *door, const struct journal_entry *entry)
{
	const char *stop = door_stop_command(door, door_family(&entry->ip));
	char text[COMMAND_LEN_MAX];

	return stop && !command_expand(text, stop, &entry->ip) && !strcmp(text, entry->text);
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool
same_set(const struct element *a, const struct element *b)
{
	return a->family == b->family && !strcmp(a->table, b->table) && !strcmp(a->set, b->set);
}

/* What a signed knock may have asked for in place of %PROTO% and %PORT%. */
static bool
is_asked(const char *part, const char *value)
{
	if (!strcmp(part, "%PROTO%"))
		return !strcmp(value, "tcp") || !strcmp(value, "udp");
	return !strcmp(part, "%PORT%") && *value && strspn(value, "0123456789") == strlen(value);
}

/* Is `b` an element of the journal that `a` of the configuration can have made? */
static bool
same_element(const struct element *a, const struct element *b)
{
	if (!same_set(a, b) || a->n_parts != b->n_parts || !same_text(a->data, b->data))
		return false;
	for (size_t i = 0; i < a->n_parts; i++)
		if (strcmp(a->parts[i], b->parts[i]) && !is_asked(a->parts[i], b->parts[i]))
			return false;
	return true;
}

/* Has the door an element like this among those that it adds for clients of the family? */
static bool
adds(const struct door *door, const struct element *element, enum conf_family family,
     bool (*same)(const struct element *a, const struct element *b))
{
	for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++) {
		const struct element_list *list = door_elements(door, kind, family);

		for (size_t i = 0; door_adds(kind) && i < list->n; i++)
			if (same(&list->at[i], element))
				return true;
	}
	return false;
}

static bool
grants(const struct door *door, const struct element *element, enum conf_family family)
{
	return element_prefix(element) >= door->max_prefix[family] && adds(door, element, family, same_element);
}

const struct door *
remembered_door(const struct conf *conf, const struct journal_entry *entry)
{
	struct element element = { .n_parts = 0 };
	const struct door *found = NULL;
	bool same_name = false;
	char err[160];

	if (entry->kind == JOURNAL_GRANT &&
	    (!addr_is_host(&entry->ip) || element_parse(&element, entry->text, err, sizeof(err))))
		return NULL;
	for (size_t i = 0; i < conf->n_doors && !same_name; i++) {
		const struct door *door = &conf->doors[i];

		same_name = !strcmp(door->name, entry->door);
		if (entry->kind == JOURNAL_GRANT ? grants(door, &element, door_family(&entry->ip))
						 : is_stop_command(door, entry))
			found = same_name || !found ? door : found;
		else
			same_name = false; /* several doors may have one name */
	}
	element_free(&element);
	return found;
}

bool
remembered_is_granted(const struct conf *conf, const struct element *element, enum conf_family family)
{
	for (size_t i = 0; i < conf->n_doors; i++)
		if (grants(&conf->doors[i], element, family))
			return true;
	return false;
}

static bool
is_of_bans(const struct conf *conf, const struct element *element)
{
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++)
		for (size_t i = 0; i < conf->ban[f].n; i++)
			if (same_set(&conf->ban[f].at[i], element))
				return true;
	return false;
}

bool
remembered_may_end(const struct conf *conf, const struct journal_entry *entry)
{
	struct element element;
	bool may;
	char err[160];

	if (entry->kind != JOURNAL_GRANT || !*entry->door || !addr_is_host(&entry->ip) ||
	    element_parse(&element, entry->text, err, sizeof(err)))
		return false;
	may = !is_of_bans(conf, &element);
	element_free(&element);
	return may;
}

const char *
remembered_refusal(const struct journal_entry *entry, char *buf, size_t len)
{
	char ip[ADDR_STRLEN], door[DOOR_NAME_MAX], text[512];

	addr_format(&entry->ip, ip);
	text_utf8(entry->door, true, door, sizeof(door));
	text_utf8(entry->text, true, text, sizeof(text));
	if (entry->kind == JOURNAL_GRANT)
		snprintf(
		    buf, len,
		    "%s: %s: no door of the configuration grants this element of the journal: it is not put back: %s",
		    ip, door, text);
	else
		snprintf(
		    buf, len,
		    "%s: %s: no door of the configuration has this stop command of the journal: it does not run: %s",
		    ip, door, text);
	return buf;
}
