/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts: trimming, knockd's line grammar (sections, "key = value", bare words, comments) without the
 * meaning of the keys, UTF-8, and a builder of texts.
 */
#ifndef KNOCKD_TEXT_H
#define KNOCKD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_LINE_MAX 4096 /* knockd 0.8 reads 4095 bytes and a NUL at a time */

/* Cuts white space from both ends in place; returns the first remaining character. */
char *text_trim(char *text);

enum line_kind {
	LINE_BLANK,   /* empty, or '#' is the first non-blank character */
	LINE_SECTION, /* [name]: `key` is the name, taken literally, inner blanks and all */
	LINE_PAIR,    /* key = value: split at the first '=', both trimmed */
	LINE_WORD,    /* no '=': `key` is the whole trimmed line */
};

struct line {
	enum line_kind kind;
	char *key;   /* points into the text that was split */
	char *value; /* LINE_PAIR only, else NULL; may be "" */
};

/* Skips the mark (U+FEFF) with which some editors begin a file; to be called for its first line. */
char *text_skip_mark(char *text);

/* Splits one line, with or without its newline, in place. The result points into `text`. */
struct line text_split(char *text);

/* Reads one character of UTF-8 and moves behind it. UINT32_MAX: one byte that is not UTF-8. Not for the end of a text.
 */
uint32_t text_next(const char **text);

/*
 * Copies the text with U+FFFD for each byte that is not UTF-8, cut between two characters if `len` ends. With
 * `printable` each control character becomes U+FFFD too, for a terminal. Returns `to`.
 */
const char *text_utf8(const char *from, bool printable, char *to, size_t len);

/* Reads yes, true, on or 1, or no, false, off or 0, in any case. 0, or -1: it is none of them. */
int text_flag(bool *flag, const char *text);

/* Is there a UTF-8 character at `text`? Its length goes to *n, 1 when there is none. */
bool text_char(const char *text, size_t *n);

/* Copies at most len - 1 bytes, always ends with NUL. Returns 0, or -1 when `from` was cut: between two characters. */
int text_copy(char *to, size_t len, const char *from);

/*
 * Builds a text piece by piece, several times as fast as snprintf(). It is cut at the buffer's `len`, and always ends
 * with NUL.
 */
struct pen {
	char *at;
	size_t room; /* with the NUL */
};

struct pen text_pen(char *buf, size_t len);
void text_write(struct pen *pen, ...) __attribute__((sentinel)); /* strings, then NULL */
void text_write_number(struct pen *pen, uint64_t n);
void text_print(struct pen *pen, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* slower */

#endif
