/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#define REGISTER_LEN 4

const char *
rules_flag_name(unsigned bit)
{
	static const char *const names[RULES_TCP_FLAGS] = { "fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr" };

	return names[bit];
}

const char *const rules_chain_names[] = {
	"flooded",
	"report",
	"knocks_vrf",
	"knocks",
	"interfaces",
	"signed",
	"signed_interfaces",
	"waiting",
	"strays",
	"stray_interfaces",
	"unasked",
	"knockers",
	"udps",
	RULES_CHAIN_KNOCKS,
	"guard_shut",
	"guard_local",
	"guard_target",
	"guard_idle",
	"guard_cut",
	"guard_ports",
	"guard_forged",
	"guard_begins",
	"guard_hidden",
	"guard_cut_vrf",
	"guard_vrf",
	RULES_CHAIN_GUARD,
	"guard_cut_here",
	"guard_delivered",
	RULES_CHAIN_INPUT,
	NULL,
};

struct key_shape
rules_key_shape(enum port_key key)
{
	switch (key) {
	case PORT_KEY_LOCAL:
	case PORT_KEYS:
		break;
	case PORT_KEY_IP:
		return (struct key_shape){ 4, false, true, true, true };
	case PORT_KEY_IP6:
		return (struct key_shape){ 16, false, true, true, true };
	case PORT_KEY_OPEN4:
		return (struct key_shape){ 4, true, false, true, true };
	case PORT_KEY_OPEN6:
		return (struct key_shape){ 16, true, false, true, true };
	case PORT_KEY_OPEN4_TARGET:
		return (struct key_shape){ 4, true, true, true, true };
	case PORT_KEY_OPEN6_TARGET:
		return (struct key_shape){ 16, true, true, true, true };
	case PORT_KEY_SOURCE4:
		return (struct key_shape){ 4, true, false, false, false };
	case PORT_KEY_SOURCE6:
		return (struct key_shape){ 16, true, false, false, false };
	case PORT_KEY_TARGET4:
		return (struct key_shape){ 4, false, true, false, false };
	case PORT_KEY_TARGET6:
		return (struct key_shape){ 16, false, true, false, false };
	case PORT_KEY_NUMBER:
		return (struct key_shape){ 0, false, false, false, true };
	}
	return (struct key_shape){ 0, false, false, true, true };
}

/* Each field of a concatenation begins at a multiple of REGISTER_LEN. */
uint32_t
rules_entry_key(const struct port_entry *entry, uint8_t key[static NFTKEY_LEN_MAX])
{
	uint32_t at = (uint32_t)addr_len(&entry->target);

	memset(key, 0, NFTKEY_LEN_MAX);
	memcpy(key, entry->target.bytes, at);
	if (entry->port.proto) {
		key[at] = entry->port.proto;
		at += REGISTER_LEN;
	}
	if (!entry->port.port)
		return at;
	key[at] = (uint8_t)(entry->port.port >> 8);
	key[at + 1] = (uint8_t)entry->port.port;
	return at ? at + REGISTER_LEN : (uint32_t)sizeof(entry->port.port);
}

const struct port_set *
rules_set(const struct rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->n_sets; i++) {
		if (!strcmp(rules->sets[i].name, name))
			return &rules->sets[i];
	}
	return NULL;
}

const struct port_set *
rules_kept_set(const struct rules *rules, const char *name)
{
	const struct port_set *set = rules_set(rules, name);

	return set && set->kept ? set : NULL;
}

static void
free_ports(struct ports *ports)
{
	free(ports->with_proto.at);
	free(ports->numbers.at);
}

void
rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->n_sets; i++)
		free(rules->sets[i].at);
	free(rules->sets);
	free_ports(&rules->knocked);
	free_ports(&rules->guarded);
	free_ports(&rules->held);
	free(rules->rules);
	free(rules);
}
