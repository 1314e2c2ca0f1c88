/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "confs.h"

#include <stdlib.h>

#define DOORS      1024
#define INTERFACES 8

struct conf *
confs_new(void)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	assert_non_null(conf);
	conf->nflog_group = CONF_GROUP_DEFAULT;
	conf->own_table = CONF_OWN_NO; /* tests change the table with nft */
	conf->doors = calloc(DOORS, sizeof(*conf->doors));
	conf->interfaces = calloc(INTERFACES, sizeof(*conf->interfaces));
	assert_non_null(conf->doors);
	assert_non_null(conf->interfaces);
	return conf;
}

void
confs_free(struct conf *conf)
{
	free(conf->doors);
	free(conf->interfaces);
	free(conf);
}

void
confs_door(struct conf *conf, const char *sequence, uint8_t mask, uint8_t value, const char *target)
{
	struct door *door = &conf->doors[conf->n_doors++];

	assert_true(conf->n_doors <= DOORS);
	if (*sequence)
		assert_int_equal(seq_parse_door(&door->seq, sequence, NULL), 0);
	if (target)
		assert_int_equal(addr_parse(&door->target, target), 0);
	door->flags_mask = mask;
	door->flags_value = value;
}

void
confs_open(struct conf *conf, const char *open, const char *close)
{
	struct door *door = &conf->doors[conf->n_doors - 1];

	if (*open)
		assert_int_equal(seq_parse(&door->open, open, NULL), 0);
	if (*close)
		assert_int_equal(seq_parse(&door->close, close, NULL), 0);
}

void
confs_interface(struct conf *conf, char *name)
{
	assert_true(conf->n_interfaces < INTERFACES);
	conf->interfaces[conf->n_interfaces++] = name;
}
