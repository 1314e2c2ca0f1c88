/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes the kernel's message about a packet that it holds in one of our queues, see netlink/nfqueues.h. */
#ifndef KNOCKD_NFQUEUE_H
#define KNOCKD_NFQUEUE_H

#include "reader.h"

/* Each queue is a stream. */
reader_decode nfqueue_decode;

#endif
