/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of the users' keys, in the format of sshd's authorized_keys: "[OPTIONS] TYPE BASE64 [COMMENT]". A line with
 * an error is reported and left out; the others count.
 *
 * Options as in sshd(8): expiry-time, from (addresses, networks and patterns of addresses; names are not looked up),
 * no-touch-required, verify-required. Ours: user, doors, ports, max-time, other-address, totp.
 */
#ifndef KNOCKD_AUTHORIZED_H
#define KNOCKD_AUTHORIZED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/addr.h"
#include "lib/seq.h"
#include "signed/sshkey.h"

#define AUTHORIZED_USER_MAX 64 /* with its NUL */
#define AUTHORIZED_MAX      10000

struct authorized_key {
	char user[AUTHORIZED_USER_MAX]; /* option user, else the comment */
	int line;
	struct sshkey key;
	uint8_t id[KNOCK1_ID_LEN];
	int64_t expiry;       /* seconds since 1970: the key does not count from then on; 0: it always does */
	uint32_t max_seconds; /* the longest time that may be asked for; 0: the door decides */
	bool no_touch;        /* a security key need not be touched */
	bool verify;          /* a security key must have verified its user */
	bool totp;            /* a knock must have a one-time code of the user as well */
	bool other_address;   /* may open for another address than the packet's */
	char *from;           /* as written; NULL: any address */
	char *doors;          /* as written; NULL: any door */
	struct seq ports;     /* n 0: any that the door allows */
};

struct authorized {
	struct authorized_key *at; /* in the order of the file */
	size_t n;
};

/* Takes one message without file and line; line 0: about the file. */
typedef void authorized_report(void *arg, int line, const char *text);

/*
 * Reads the file and closes `fd`. Refused if anyone but root and `self` owns it or may write to it. fd -1: it could not
 * be opened, with errno. 0, or -1 after a report: then `authorized` is empty.
 */
int authorized_read(struct authorized *authorized, int fd, uid_t self, authorized_report *report, void *arg);

/* Reads one line, which is overwritten, after those that `authorized` holds. Returns NULL, or what is wrong with it. */
const char *authorized_line(struct authorized *authorized, char *line, int number);
void authorized_free(struct authorized *authorized); /* zeroed is legal */

/* NULL: there is none. */
const struct authorized_key *authorized_find(const struct authorized *authorized,
					     const uint8_t id[static KNOCK1_ID_LEN]);

bool authorized_from(const struct authorized_key *key, const struct addr *ip);
bool authorized_door(const struct authorized_key *key, const char *door);
bool authorized_port(const struct authorized_key *key, uint8_t proto, uint16_t port);

#endif
