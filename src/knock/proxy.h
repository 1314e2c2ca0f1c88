/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries bytes between a connected socket and a pair of descriptors, both ways at once, as ssh's
 * ProxyCommand must. The end of one direction is passed on and the other goes on by itself; it is
 * over when both are.
 */
#ifndef KNOCK_PROXY_H
#define KNOCK_PROXY_H

/*
 * `in` goes to `sock`, `sock` goes to `out`. A reader that went away ends its direction and is no
 * error: ssh leaves like that. SIGPIPE must be ignored. `sock` and `out` are closed. Returns 0, or
 * -1 with the errno of the connection, or of an `out` that could not be written.
 */
int proxy_run(int sock, int in, int out);

#endif
