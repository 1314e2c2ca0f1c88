/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an opening is carried out with. The parent owns all of it. */
#ifndef KNOCKD_TOOLS_H
#define KNOCKD_TOOLS_H

#include <stdint.h>

#include "access/bans.h"
#include "access/closing.h"
#include "access/codes.h"
#include "access/cuts.h"
#include "access/grants.h"
#include "access/judge.h"
#include "lib/log.h"
#include "netlink/nftset.h"
#include "process/lookup.h"

/* Openings that were refused, all and those that the log has not told of yet. Starts with zeroes. */
struct access_refusals {
	uint64_t total, untold;
	int64_t tell_at; /* boot clock, ms: when the log may tell again */
};

struct sharing;

struct access_tools {
	const struct log *log;
	struct nftset *nftset;
	struct grants *grants;
	struct closings *closings;
	struct lookup *lookup; /* NULL without -l */
	struct access_refusals *refusals;
	struct bans *bans;
	struct judge *judge; /* NULL in a build without libsodium */
	struct codes *codes;
	struct cuts *cuts;
	struct sharing *sharing; /* NULL: this gateway is on its own */
};

#endif
