/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_code.h"

#include "config.h"

#ifdef HAVE_QRENCODE

#include <qrencode.h>
#include <unistd.h>

/* Two rows of modules in a line of half blocks, light on dark terminals too: the margin of two is drawn. */
void
ctl_code_print(const char *text, FILE *out)
{
	static const char *const blocks[] = { "\u2588", "\u2580", "\u2584",
					      " " }; /* by upper and lower module: 1 is dark */
	QRcode *code = isatty(fileno(out)) ? QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1) : NULL;
	int margin = 2;

	for (int y = -margin; code && y < code->width + margin; y += 2) {
		for (int x = -margin; x < code->width + margin; x++) {
			int dark = 0;

			for (int i = 0; i < 2; i++)
				if (x >= 0 && x < code->width && y + i >= 0 && y + i < code->width &&
				    code->data[(y + i) * code->width + x] & 1)
					dark |= i ? 1 : 2;
			fputs(blocks[dark], out);
		}
		fputc('\n', out);
	}
	QRcode_free(code);
}

#else

void
ctl_code_print(const char *text, FILE *out)
{
	(void)text, (void)out;
}

#endif
