/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The group's key. It seals notices (XChaCha20-Poly1305, a random nonce, the record's id as additional data) and hashes
 * what records are about, so that the server and the courier learn neither addresses nor users, and a record cannot be
 * put in the place of another.
 *
 * Its file has a line "share1-key BASE64", or two while the admin replaces the key: all are accepted, the first one
 * seals.
 */
#ifndef KNOCKD_SEAL_H
#define KNOCKD_SEAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "share/notice.h"
#include "wire/share.h"

#define SEAL_KEYS_MAX 2
#define SEAL_KEY_LEN  32

struct seal_keys {
	struct seal_key {
		uint8_t seal[SEAL_KEY_LEN];
		uint8_t id[SEAL_KEY_LEN];
	} at[SEAL_KEYS_MAX];
	size_t n;
};

/* Makes the file with a new key, mode 0600. 0, or -1 with errno: EEXIST, among others. */
int seal_generate(const char *path);

/* Reads the file and closes `fd`, as serverkeys_read() does. 0, or -1 with the reason in `err`. */
int seal_read(struct seal_keys *keys, int fd, uid_t self, char *err, size_t errlen);

/* Makes the keys of one secret: for tests, and seal_read(). */
void seal_derive(struct seal_key *key, const uint8_t secret[static SEAL_KEY_LEN]);

/* The id under which a notice is stored: of what it is about. */
void seal_id(const struct seal_key *key, const struct notice *notice, uint8_t id[static SHARE_ID]);

/* The ids of a user's key, with the reset of a COUNTER, and of a door's one-time sequence as text. */
void seal_user_id(const struct seal_key *key, const uint8_t user_key[static NOTICE_ID_LEN], uint64_t reset,
		  uint8_t id[static SHARE_ID]);
void seal_once_id(const struct seal_key *key, const char *door, const char *sequence, uint8_t id[static SHARE_ID]);

/* Fills `id` and `sealed`. */
void seal_notice(const struct seal_keys *keys, const struct notice *notice, struct share_message *message);

/*
 * Opens a record of this id. 0, or -1: made without the group's key, or for another id, or not a notice. `key` gets the
 * key that was used.
 */
int seal_open(const struct seal_keys *keys, const struct share_message *message, struct notice *notice,
	      const struct seal_key **key);

#endif
