/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access/setcheck.h"

#include <netinet/in.h>
#include <stdbool.h>

#define SAMPLE_PORT 22 /* for %PORT% */

struct asking {
	const struct log *log;
	struct nftset *nftset;
};

/* A list of elements of the configuration: its section and key, the limit on prefixes, and whether they are added. */
struct named {
	const char *by, *key;
	const uint8_t *max_prefix;
	bool add;
};

static struct nftset_op
sample(const struct element *element, const struct named *named, enum conf_family family)
{
	/* documentation addresses: RFC 5737, RFC 3849 */
	const char *text = family == CONF_V6 ? "2001:db8::1" : "192.0.2.1";
	struct nftset_op op = {
		.add = named->add, .element = element, .comment = named->by, .min_prefix = named->max_prefix[family]
	};

	addr_parse(&op.ip, text);
	return op;
}

/* `either`: the value has no _6 twin and serves both families, so it needs to fit only one of them. */
static void
check_element(const struct asking *asking, const struct named *named, const struct element *element,
	      enum conf_family family, bool either)
{
	struct nftset_op op = sample(element, named, family);
	char text[LOG_TEXT_MAX];

	if (nftset_check(asking->nftset, &op, 1)) {
		log_warn(asking->log, "%s: could not ask the kernel about its set", named->by);
		return;
	}
	if (op.result == NFTSET_FAMILY && either) {
		struct nftset_op other = sample(element, named, CONF_V6);

		if (!nftset_check(asking->nftset, &other, 1))
			op = other;
	}
	if (op.result != NFTSET_OK)
		log_warnx(asking->log, "%s: warning: %s: %s", named->by, named->key,
			  nftset_explain(&op, text, sizeof(text)));
}

/* An element with %PORT%, as if a signed knock had asked for one. */
static void
check_asked(const struct asking *asking, const struct named *named, const struct element *element,
	    enum conf_family family, bool either)
{
	struct element asked = { .n_parts = 0 };

	if (!element_wants_port(element) || element_copy(&asked, element, IPPROTO_TCP, SAMPLE_PORT, 0)) {
		check_element(asking, named, element, family, either);
		return;
	}
	check_element(asking, named, &asked, family, either);
	element_free(&asked);
}

static void
check_list(const struct asking *asking, const struct named *named, const struct element_list lists[CONF_FAMILIES])
{
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++)
		for (size_t i = 0; i < lists[f].n; i++)
			check_asked(asking, named, &lists[f].at[i], f, f == CONF_V4 && !lists[CONF_V6].given);
}

void
setcheck(const struct log *log, struct nftset *nftset, const struct conf *conf)
{
	const struct asking asking = { log, nftset };
	const struct element_list excepted[CONF_FAMILIES] = { conf->ban_except_sets };

	check_list(&asking, &(struct named){ "options", "Ban_Set", conf->max_prefix, true }, conf->ban);
	check_list(&asking, &(struct named){ "options", "Ban_Except", conf->max_prefix, false }, excepted);
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct door *door = &conf->doors[d];

		check_list(&asking, &(struct named){ door->name, "grant", door->max_prefix, true },
			   door->elements[DOOR_GRANTS]);
		check_list(&asking, &(struct named){ door->name, "revoke", door->max_prefix, false },
			   door->elements[DOOR_REVOKES]);
	}
}
