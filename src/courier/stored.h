/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The form of what is stored: names of keys, and their values. */
#ifndef KNOCKD_COURIER_STORED_H
#define KNOCKD_COURIER_STORED_H

#include "wire/share.h"

#define KEYS_MEMBER  (2 + 2 * SHARE_ID + 1) /* the end of a record's name, with its NUL: "g:ID" */
#define KEYS_PORTION 256                    /* most names in one command */
#define KEYS_STAYS   4e15                   /* the lowest score of an element without end: the year 2096 */

/*
 * What is stored in a key: hybrid clock or counter as REPLY_DIGITS decimal digits, so that the script can compare texts
 * (it has no integers of 64 bits), the record's identifier, and the record. An event is the same without the digits.
 */
#define REPLY_DIGITS 20
#define REPLY_EVENT  (SHARE_ID + SHARE_SEALED)
#define REPLY_VALUE  (REPLY_DIGITS + REPLY_EVENT)

#endif
