/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/totp.h"

#include <ctype.h>
#include <string.h>

#include "lib/sha1.h"
#include "lib/text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

int
totp_parse(struct totp_secret *secret, const char *text, const char **why)
{
	uint32_t bits = 0;
	unsigned n = 0;

	secret->len = 0;
	for (; *text && *text != '='; text++) {
		const char *at = strchr(alphabet, toupper((unsigned char)*text));

		if (*text == ' ' || *text == '-')
			continue;
		*why = "its secret is not Base32";
		if (!at)
			return -1;
		*why = "its secret is too long";
		if (secret->len == TOTP_SECRET_MAX)
			return -1;
		bits = bits << 5 | (uint32_t)(at - alphabet);
		n += 5;
		if (n < 8)
			continue;
		n -= 8;
		secret->bytes[secret->len++] = (uint8_t)(bits >> n);
	}
	*why = "its secret is not Base32";
	if (text[strspn(text, "=")])
		return -1;
	*why = "its secret has less than 128 bits";
	return secret->len < TOTP_SECRET_MIN ? -1 : 0;
}

const char *
totp_format(const struct totp_secret *secret, char buf[static TOTP_TEXT_LEN])
{
	uint32_t bits = 0;
	unsigned n = 0;
	char *to = buf;

	for (size_t i = 0; i < secret->len; i++) {
		bits = bits << 8 | secret->bytes[i];
		for (n += 8; n >= 5; n -= 5)
			*to++ = alphabet[bits >> (n - 5) & 31];
	}
	if (n)
		*to++ = alphabet[bits << (5 - n) & 31];
	*to = '\0';
	return buf;
}

const char *
totp_parse_user(struct totp_user *user, char *line)
{
	char *rest = text_trim(line), *name = strsep(&rest, " \t");
	const char *why;

	if (!rest)
		return "a line is USER SECRET, and the secret is Base32";
	if (text_copy(user->name, sizeof(user->name), name))
		return "the user's name is longer than 63 bytes";
	for (const char *c = name; *c; c++)
		if (iscntrl((unsigned char)*c) || *c == '"' || *c == ',')
			return "the user's name has a character that no name has";
	return totp_parse(&user->secret, text_trim(rest), &why) ? why : NULL;
}

uint64_t
totp_step(int64_t wall_ms)
{
	return wall_ms < 0 ? 0 : (uint64_t)wall_ms / 1000 / TOTP_STEP_SECONDS;
}

/* RFC 4226 section 5.3 */
uint32_t
totp_code(const struct totp_secret *secret, uint64_t step)
{
	uint8_t counter[8], mac[SHA1_LEN];
	const uint8_t *at;

	for (unsigned i = 0; i < 8; i++)
		counter[i] = (uint8_t)(step >> (56 - 8 * i));
	sha1_hmac(secret->bytes, secret->len, counter, sizeof(counter), mac);
	at = mac + (mac[SHA1_LEN - 1] & 15);
	return ((uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) % TOTP_CODES;
}

int
totp_parse_code(uint32_t *code, const char *text)
{
	unsigned digits = 0;

	*code = 0;
	for (; *text; text++) {
		if (*text == ' ' && digits == TOTP_DIGITS / 2)
			continue;
		if (*text < '0' || *text > '9' || ++digits > TOTP_DIGITS)
			return -1;
		*code = *code * 10 + (uint32_t)(*text - '0');
	}
	return digits == TOTP_DIGITS ? 0 : -1;
}
