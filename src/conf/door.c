/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/door.h"

#include <string.h>
#include <sys/socket.h>

enum conf_family
door_family(const struct addr *addr)
{
	return addr->family == AF_INET6 ? CONF_V6 : CONF_V4;
}

const char *
door_start_command(const struct door *door, enum conf_family family)
{
	return door->start_command[family] ? door->start_command[family] : door->start_command[CONF_V4];
}

const char *
door_stop_command(const struct door *door, enum conf_family family)
{
	return door->stop_command[family] ? door->stop_command[family] : door->stop_command[CONF_V4];
}

const struct element_list *
door_elements(const struct door *door, enum door_kind kind, enum conf_family family)
{
	const struct element_list *lists = door->elements[kind];

	return &lists[lists[family].given ? family : CONF_V4];
}

static bool
has_proto(const struct seq *seq, uint8_t proto)
{
	for (size_t i = 0; i < seq->n; i++) {
		if (seq->at[i].proto == proto)
			return true;
	}
	return false;
}

bool
door_has_proto(const struct door *door, uint8_t proto)
{
	for (size_t i = 0; i < door->n_one_time; i++) {
		if (has_proto(&door->one_time[i], proto))
			return true;
	}
	return has_proto(&door->seq, proto);
}

bool
door_has_user(const struct door *door, const char *user)
{
	size_t len = strlen(user);
	const char *at = door->users;

	while (at) {
		size_t n;

		at += strspn(at, " \t,");
		n = strcspn(at, ",");
		while (n && (at[n - 1] == ' ' || at[n - 1] == '\t'))
			n--;
		if (n == len && !memcmp(at, user, len))
			return true;
		at = strchr(at, ',');
	}
	return !door->users;
}

bool
door_wants_port(const struct door *door)
{
	for (enum door_kind kind = 0; kind < DOOR_KINDS; kind++)
		for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++)
			for (size_t i = 0; i < door->elements[kind][f].n; i++)
				if (element_wants_port(&door->elements[kind][f].at[i]))
					return true;
	return false;
}

bool
door_adds(enum door_kind kind)
{
	return kind == DOOR_OPENS || kind == DOOR_GRANTS;
}

bool
door_next_sequence(struct door *door)
{
	if (door->next_one_time == door->n_one_time) {
		door->seq.n = 0;
		return false;
	}
	door->seq = door->one_time[door->next_one_time++];
	return true;
}
