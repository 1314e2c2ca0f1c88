/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State_Dir/guard, of any bytes: what is read has no knock, and rules can be made of it. */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "parent/lastguard.h"
#include "table/ruleset.h"

static void
check(const struct conf *conf)
{
	FILE *out = fopen("/dev/null", "we");

	for (size_t i = 0; i < conf->n_doors; i++)
		HOLDS(!conf->doors[i].seq.n && conf->doors[i].open.n <= SEQ_MAX);
	HOLDS(out && !ruleset_print(conf, out));
	fclose(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32], err[256];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct conf *conf;

	HOLDS(fd >= 0 && !fchmod(fd, 0600) && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	conf = lastguard_read(path, "/etc/knockd.conf", err, sizeof(err));
	if (conf)
		check(conf);
	conf_free(conf);
	close(fd);
	return 0;
}
