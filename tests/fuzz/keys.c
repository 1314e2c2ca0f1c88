/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with keys, and the line for a user: the users' keys, the server's, OpenSSH's, of any bytes. */
#include "fuzz.h"

#include <string.h>

#include "knock/keyfile.h"
#include "signed/authorized.h"
#include "signed/invitation.h"
#include "signed/serverkey.h"

static void
take_users(const char *text)
{
	struct authorized users = { .n = 0 };
	struct addr ip;
	char *copy = strdup(text), *rest = copy, *line;

	HOLDS(copy && !addr_parse(&ip, "192.0.2.1"));
	for (int number = 1; (line = strsep(&rest, "\n")); number++) {
		size_t n = users.n;

		if (authorized_line(&users, line, number)) {
			HOLDS(users.n == n);
			continue;
		}
		if (users.n == n)
			continue; /* a comment */
		HOLDS(*users.at[n].user && users.at[n].line == number);
		HOLDS(authorized_find(&users, users.at[n].id) == &users.at[n]);
		authorized_from(&users.at[n], &ip);
		authorized_door(&users.at[n], "ssh");
		authorized_port(&users.at[n], 6, 22);
	}
	authorized_free(&users);
	free(copy);
}

static void
take_invitation(const char *text)
{
	struct invitation i, again;
	char out[INVITATION_LEN];
	const char *why = NULL;

	if (invitation_parse(&i, text, &why)) {
		HOLDS(why);
		return;
	}
	HOLDS(!invitation_parse(&again, invitation_format(&i, out), &why));
	HOLDS(!strcmp(i.host, again.host) && !strcmp(i.door, again.door) && i.port == again.port &&
	      i.last == again.last);
	HOLDS(!memcmp(&i.site, &again.site, sizeof(i.site)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct serverkey key;
	struct keyfile file;

	HOLDS(!knock1_start());
	take_users(text);
	take_invitation(text);
	if (!keyfile_parse(&file, text, size))
		HOLDS(!file.has_secret || !file.key.fido);
	serverkey_parse(&key, text); /* last: it cuts the text */
	free(text);
	return 0;
}
