/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard input, output and error of a program that was started without them.
 */
#ifndef KNOCKD_STREAMS_H
#define KNOCKD_STREAMS_H

/*
 * Opens /dev/null for each that is closed. To be called before any other file or socket is opened: it would get the
 * stream's number, and be read or written as that stream.
 */
void streams_fill(void);

#endif
