/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of an access that is an element. */
#ifndef KNOCKD_ENDED_H
#define KNOCKD_ENDED_H

#include "conf/element.h"
#include "lib/addr.h"

enum grants_end {
	GRANTS_TIME,     /* its time is over, or nothing has used it for too long */
	GRANTS_EARLY,    /* its element was deleted: by a door, knockctl, another gateway or by hand */
	GRANTS_UNWANTED, /* no door of the configuration grants it any more */
};

/* An access has ended; it still counts in grants_of(). */
typedef void grants_ended(void *arg, enum grants_end why, const char *door, const struct element *element,
			  const struct addr *ip);

#endif
