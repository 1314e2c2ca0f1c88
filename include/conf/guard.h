/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sets of table inet knockd that hold the addresses that may pass the guard. The configuration makes their
 * elements, the guard's rules look them up, a reload keeps them.
 *
 * A door without Target opens its port on this host, a door with Target only at that address. So there are sets with
 * the destination as well.
 */
#ifndef KNOCKD_GUARD_H
#define KNOCKD_GUARD_H

#define GUARD_TABLE        "knockd"
#define GUARD_OPEN4        "open4"        /* ip saddr . proto . port */
#define GUARD_OPEN6        "open6"        /* ip6 saddr . proto . port */
#define GUARD_OPEN4_TARGET "open4_target" /* ip saddr . ip daddr . proto . port */
#define GUARD_OPEN6_TARGET "open6_target" /* ip6 saddr . ip6 daddr . proto . port */

/*
 * With Idle_Timeout packets renew an element of a set above only while its twin is in the set with the same key here: a
 * twin has the end of the access, or no time if there is none, and no packet renews it.
 */
#define GUARD_UNTIL4        "guard_until4"
#define GUARD_UNTIL6        "guard_until6"
#define GUARD_UNTIL4_TARGET "guard_until4_target"
#define GUARD_UNTIL6_TARGET "guard_until6_target"

#endif
