/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl_code.h"

#include "config.h"

#ifdef HAVE_QRENCODE

#include <qrencode.h>
#include <stdbool.h>
#include <unistd.h>

#include "ctl_show.h"

#define MARGIN 2 /* modules; half of what the standard asks for is enough for phones */

static bool
is_dark(const QRcode *code, int x, int y)
{
	return x >= 0 && x < code->width && y >= 0 && y < code->width && code->data[y * code->width + x] & 1;
}

/* Two rows of modules. Light ones are drawn: in white on black, or in the terminal's colours if it has no others. */
static void
print_line(const QRcode *code, int y, bool colour, FILE *out)
{
	static const char *const blocks[2][2] = { { "\u2588", "\u2580" },
						  { "\u2584", " " } }; /* [upper dark][lower dark] */

	fputs(colour ? "\033[97;40m" : "", out);
	for (int x = -MARGIN; x < code->width + MARGIN; x++)
		fputs(blocks[is_dark(code, x, y)][is_dark(code, x, y + 1)], out);
	fputs(colour ? "\033[0m\n" : "\n", out);
}

void
ctl_code_print(const char *text, FILE *out)
{
	QRcode *code = isatty(fileno(out)) ? QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1) : NULL;
	bool colour = ctl_show_colour();

	for (int y = -MARGIN; code && y < code->width + MARGIN; y += 2)
		print_line(code, y, colour, out);
	QRcode_free(code);
}

#else

void
ctl_code_print(const char *text, FILE *out)
{
	(void)text, (void)out;
}

#endif
