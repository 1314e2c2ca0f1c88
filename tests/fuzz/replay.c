/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main program of a harness without the fuzzer: runs the harness on the files of the command line, or on its part
 * of the corpus when there are none, and prints TAP. A finding is a crash; the line before it names the input.
 */
#include <dirent.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

/* Exactly as long as the input, so that a sanitizer sees the first byte read behind it. */
static uint8_t *
read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *data;

	HOLDS(file && !fstat(fileno(file), &st));
	*size = (size_t)st.st_size;
	data = malloc(*size ? *size : 1);
	HOLDS(data && fread(data, 1, *size, file) == *size);
	fclose(file);
	return data;
}

static void
replay(const char *path, int number)
{
	size_t size;
	uint8_t *data = read_file(path, &size);

	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	printf("ok %d - %s\n", number, basename((char *)path));
}

static int
is_visible(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static int
replay_corpus(const char *harness)
{
	const char *top = getenv("srcdir"); /* automake's */
	char dir[2048], path[4096];
	struct dirent **names;
	int n;

	snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".", harness);
	n = scandir(dir, &names, is_visible, alphasort);
	HOLDS(n > 0);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		replay(path, i + 1);
		free(names[i]);
	}
	free(names);
	return n;
}

int
main(int argc, char **argv)
{
	int n = argc - 1;

	for (int i = 1; i < argc; i++)
		replay(argv[i], i);
	if (!n)
		n = replay_corpus(basename(argv[0]));
	printf("1..%d\n", n);
	return 0;
}
