/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library for Redis's protocol: hiredis, 0.14 or 1.x. This is the only file that includes it.
 *
 * Of the library only the reader of replies is used. Its functions for connections check what a server sends with
 * assert(3), so a server could end the courier, and its TLS would not look at the name in a certificate.
 */
#ifndef KNOCKD_COURIER_REDIS_H
#define KNOCKD_COURIER_REDIS_H

#include <hiredis.h>

#if HIREDIS_MAJOR < 1
typedef int redis_size; /* how many elements an array has, in the reader's functions */
#else
typedef size_t redis_size;
#endif

#endif
