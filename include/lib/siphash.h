/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012; one compression and three
 * finalisation rounds, as Linux, Rust and Ruby use it for hash tables): an attacker without the key
 * cannot choose inputs that collide.
 */
#ifndef KNOCKD_SIPHASH_H
#define KNOCKD_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint8_t key[static 16], const void *data, size_t len);

#endif
