/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signed/serverkey.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "lib/keylines.h"

#define BOTH_LEN (2 * KNOCK1_KEY_LEN)

_Static_assert(BOTH_LEN <= KEYLINES_LEN_MAX, "both keys fit into a line");

static const struct keylines form = { .word = "knock1-key",
				      .option = "--keygen",
				      .about = "knockd's signed knocks",
				      .len = BOTH_LEN,
				      .max = SERVERKEYS_MAX };

int
serverkey_generate(const char *path)
{
	return keylines_generate(&form, path);
}

static int
take(struct serverkey *key, const uint8_t both[static BOTH_LEN])
{
	memcpy(key->secret_key, both, KNOCK1_KEY_LEN);
	memcpy(key->site.site_key, both + KNOCK1_KEY_LEN, KNOCK1_KEY_LEN);
	if (crypto_scalarmult_base(key->site.public_key, key->secret_key))
		return -1;
	knock1_derive(&key->site);
	return 0;
}

int
serverkey_parse(struct serverkey *key, char *line)
{
	uint8_t both[BOTH_LEN];
	int failed = keylines_parse(&form, line, both) || take(key, both);

	sodium_memzero(both, sizeof(both));
	return failed ? -1 : 0;
}

int
serverkeys_read(struct serverkeys *keys, int fd, uid_t self, char *err, size_t errlen)
{
	uint8_t both[SERVERKEYS_MAX][BOTH_LEN];
	int n = keylines_read(&form, fd, self, both[0], err, errlen), failed = n < 0;

	*keys = (struct serverkeys){ .n = 0 };
	for (int i = 0; i < n && !failed; i++) {
		failed = take(&keys->at[i], both[i]);
		if (failed)
			snprintf(err, errlen, "key %d: not as knockd %s makes it", i + 1, form.option);
		else
			keys->n++;
	}
	sodium_memzero(both, sizeof(both));
	return failed ? -1 : 0;
}
