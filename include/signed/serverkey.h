/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's keys: a file of one line, or of two while the admin replaces a key, "knock1-key BASE64", in which the
 * secret key and the site key are. Blank lines and lines that begin with # are skipped.
 */
#ifndef KNOCKD_SERVERKEY_H
#define KNOCKD_SERVERKEY_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "signed/knock1.h"

#define SERVERKEYS_MAX 2

struct serverkey {
	struct knock1_site site;
	uint8_t secret_key[KNOCK1_KEY_LEN];
};

struct serverkeys {
	struct serverkey at[SERVERKEYS_MAX]; /* the first is handed out to new users */
	size_t n;
};

/* Makes the file with a new key, mode 0600. 0, or -1 with errno: EEXIST, among others. */
int serverkey_generate(const char *path);

/*
 * Reads the file and closes `fd`. The owner must be root or `self`, and nobody else may read or write it. fd -1: it
 * could not be opened, with errno. 0, or -1 with the reason, which quotes nothing of the file, in `err`.
 */
int serverkeys_read(struct serverkeys *keys, int fd, uid_t self, char *err, size_t errlen);

/* The same for one line, without its newline, which is overwritten. */
int serverkey_parse(struct serverkey *key, char *line);

#endif
