/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files have changed: reports of inotify(7) about their directories, as a file may be replaced by another one. */
#ifndef KNOCKD_FILEWATCH_H
#define KNOCKD_FILEWATCH_H

/* A descriptor for poll(2), without a file yet; -1 with errno. */
int filewatch_open(void);

/* Also reports about the file that a symbolic link of this name leads to. 0, or -1 with errno. */
int filewatch_add(int fd, const char *path);

/* Discards all reports that there are: any may be about another file of the directory. */
void filewatch_drain(int fd);

#endif
