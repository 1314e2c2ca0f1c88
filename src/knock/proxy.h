/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies bytes between a connected socket and a pair of descriptors, both ways at once, for ssh's ProxyCommand. End of
 * file in one direction is passed on and leaves the other open; the proxy ends when both have ended.
 */
#ifndef KNOCK_PROXY_H
#define KNOCK_PROXY_H

/*
 * Copies `in` to `sock`, and `sock` to `out`. A reader of `out` that goes away ends its direction and is no error: ssh
 * leaves like that. The caller ignores SIGPIPE. Closes `sock`, and `out` unless it is a socket, which is shut down for
 * writing. Returns 0, or -1 with the errno of the connection, or of a failed write to `out`.
 */
int proxy_run(int sock, int in, int out);

#endif
