/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "login.h"

bool
login_is_needed(const struct share_login *login)
{
	return *login->password;
}

int
login_send(struct link *link, const struct share_login *login, uint64_t now)
{
	const char *words[] = { "AUTH", login->user, login->password };
	const char *only[] = { "AUTH", login->password };

	if (!login_is_needed(login))
		return -1;
	if (*login->user)
		return link_send(link, COMMAND_AUTH, 3, words, NULL, now) ? 0 : -1;
	return link_send(link, COMMAND_AUTH, 2, only, NULL, now) ? 0 : -1;
}
