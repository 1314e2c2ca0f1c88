/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal of any bytes. A fuzzer cannot guess checksums, so the harness adds one to each line of the input, except to
 * lines that begin with '!'.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "journal/load.h"
#include "journal/record.h"
#include "lib/siphash.h"

#define BOOT "0b1d"

static size_t
write_lines(FILE *file, const char *text, size_t size)
{
	size_t lines = 0;

	for (size_t len; size; text += len, size -= len, lines++) {
		const char *newline = memchr(text, '\n', size);

		len = newline ? (size_t)(newline - text) + 1 : size;
		if (*text != '!')
			fprintf(file, "%016" PRIx64 " ",
				siphash((const uint8_t *)"knockd's journal", text, len - !!newline));
		fwrite(text, 1, len, file);
	}
	return lines;
}

/* The daemon can act on each entry that is left open, and write it again. */
static void
pack_and_unpack(const char *rest)
{
	struct journal_entry entry, again;
	char *copy = strdup(rest), *packed, *second;

	HOLDS(copy && !record_unpack(&entry, copy));
	packed = record_pack(&entry);
	HOLDS(packed && (second = strdup(packed)) && !record_unpack(&again, second));
	HOLDS(!strcmp(entry.door, again.door) && !strcmp(entry.text, again.text));
	HOLDS(entry.kind == again.kind && addr_equal(&entry.ip, &again.ip) &&
	      entry.since_wall_ms == again.since_wall_ms);
	free(second);
	free(packed);
	free(copy);
}

static void
load(const char *path, size_t lines)
{
	struct journal_damage damage;
	struct live_table live;

	live_init(&live);
	HOLDS(!load_journal(AT_FDCWD, path, geteuid(), BOOT, &live, &damage));
	HOLDS(damage.good + damage.damaged + damage.torn <= lines);
	for (size_t i = 0; i < live.n; i++) {
		HOLDS(live.at[i].id && live.at[i].id < live.next_id);
		HOLDS(!i || live.at[i - 1].id < live.at[i].id);
		if (live.at[i].rest) {
			HOLDS(live.at[i].end_ms >= 0);
			pack_and_unpack(live.at[i].rest);
		}
	}
	live_free(&live);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/knockd-fuzz.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	size_t lines;

	HOLDS(file);
	lines = write_lines(file, (const char *)data, size);
	HOLDS(!fclose(file));
	load(path, lines);
	unlink(path);
	return 0;
}
