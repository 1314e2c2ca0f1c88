/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations built by hand, for tests of the code that uses them. */
#ifndef KNOCKD_CONFS_H
#define KNOCKD_CONFS_H

#include "conf/conf.h"

#define SYN 0x02
#define ACK 0x10

struct conf *confs_new(void);
void confs_free(struct conf *conf);

/* Adds a door; `sequence` "" and `target` NULL: none. */
void confs_door(struct conf *conf, const char *sequence, uint8_t mask, uint8_t value, const char *target);

/* The last door's `open` and `close`; "": none. */
void confs_open(struct conf *conf, const char *open, const char *close);

/* One more interface; the text is borrowed. */
void confs_interface(struct conf *conf, char *name);

#endif
