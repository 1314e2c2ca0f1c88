/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard input, output and error of a program that was started without.
 */
#ifndef KNOCKD_STREAMS_H
#define KNOCKD_STREAMS_H

/*
 * Opens /dev/null for those that are closed. Otherwise a file or a socket that is opened later would become one of
 * them, and be read and written as such. To be called before that.
 */
void streams_fill(void);

#endif
