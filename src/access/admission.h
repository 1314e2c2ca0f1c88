/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part of access: which openings are refused before anything is done for them, least of all a one-time sequence used
 * up. */
#ifndef KNOCKD_ADMISSION_H
#define KNOCKD_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "access/tools.h"
#include "conf/conf.h"
#include "wire/event.h"

/* Fills `refused`, by event: from an address that no host has, or beyond Max_Grants. 0: not refused. */
void admission_judge(const struct access_tools *tools, const struct conf *conf, const struct event *events, size_t n,
		     int *refused);

/* How many accesses there may be beside those that there are. */
size_t admission_room(const struct access_tools *tools, const struct conf *conf);

/* May the door be opened for this address, too? Takes its accesses from `room`; one that is there may be renewed. */
bool admission_take(const struct access_tools *tools, const struct door *door, const struct addr *ip, size_t *room);

/* Logs the refusal of an opening, one line a minute about Max_Grants. False: it is none of these. */
bool admission_log(const struct access_tools *tools, const struct door *door, const struct addr *ip, int refused);

/* Counts an opening that another gateway wants beyond Max_Grants, and logs it, not too often. */
void admission_log_full(const struct access_tools *tools);

#endif
