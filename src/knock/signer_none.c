/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signer.h in a build without libsodium. */
#include "signer.h"

#include <errno.h>
#include <stdio.h>

static const char missing[] = "this knock was built without libsodium, which signed knocks need";

const char *
signer_check(const char *server, bool door)
{
	(void)server, (void)door;
	return missing;
}

int
signer_names(const char *server, char *host, size_t hostlen, char *door, size_t doorlen)
{
	(void)server, (void)host, (void)hostlen, (void)door, (void)doorlen;
	return -1;
}

struct signer *
signer_open(const struct signer_setup *setup, char *err, size_t errlen)
{
	(void)setup;
	snprintf(err, errlen, "error: %s", missing);
	return NULL;
}

void
signer_free(struct signer *signer)
{
	(void)signer;
}

bool
signer_refused(const struct signer *signer)
{
	(void)signer;
	return false;
}

int
signer_send(struct signer *signer, const struct place *place, const struct origin *origin)
{
	(void)signer, (void)place, (void)origin;
	errno = ENOSYS;
	return -1;
}
