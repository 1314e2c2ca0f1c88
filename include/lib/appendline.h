/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds lines to files that others read meanwhile. */
#ifndef KNOCKD_APPENDLINE_H
#define KNOCKD_APPENDLINE_H

/*
 * Appends the text and a newline to the file, which is open for reading and for appending, in one write: a reader sees
 * all of it or nothing. If the file's last line has no newline, one comes before. 0 when it is on the disk, or -1 with
 * errno; then a part that was written, as on a full disk, is removed again.
 */
int appendline_write(int fd, const char *text);

#endif
