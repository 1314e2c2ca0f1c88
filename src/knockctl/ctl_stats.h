/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's numbers, for people and for Prometheus.
 */
#ifndef KNOCKD_CTL_STATS_H
#define KNOCKD_CTL_STATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* One line per number: its name, itself, what it counts. 0, or -1 without memory. */
int ctl_stats_print(const json_t *stats, FILE *out);

/* The text format that node_exporter's textfile collector reads. */
void ctl_stats_prometheus(const json_t *stats, FILE *out);

#endif
