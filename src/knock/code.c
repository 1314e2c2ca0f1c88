/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "code.h"

#include <stdio.h>

#include "lib/text.h"
#include "lib/totp.h"

#define ASKED_MAX 3

/* 0, or -1: there is no terminal, or no code was typed. */
static int
ask(uint32_t *code)
{
	FILE *terminal = fopen("/dev/tty", "r+");
	char line[64];
	int failed = -1;

	if (!terminal) {
		fprintf(stderr, "error: this door needs a code, and there is no terminal to ask for it: --totp CODE\n");
		return -1;
	}
	for (int i = 0; failed && i < ASKED_MAX; i++) {
		fprintf(terminal, "knock: code: ");
		fflush(terminal);
		rewind(terminal); /* between writing and reading */
		if (!fgets(line, sizeof(line), terminal))
			break;
		failed = totp_parse_code(code, text_trim(line));
	}
	if (failed)
		fprintf(stderr, "error: a code has six digits\n");
	fclose(terminal);
	return failed;
}

int
code_take(uint32_t *code, const char *given)
{
	if (!given)
		return ask(code);
	if (!totp_parse_code(code, given))
		return 0;
	fprintf(stderr, "error: --totp %s is invalid: a code has six digits\n", given);
	return -1;
}
