/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the daemon's counters, as text and for Prometheus.
 */
#ifndef KNOCKD_CTL_STATS_H
#define KNOCKD_CTL_STATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* One line per counter: name, value, meaning. 0, or -1: out of memory. */
int ctl_stats_print(const json_t *stats, FILE *out);

/* The text format that node_exporter's textfile collector reads. */
void ctl_stats_prometheus(const json_t *stats, FILE *out);

/*
 * The same for doors, each an object of the answer to "doors". Prometheus wants all doors of one metric
 * together, so these take an array of them. 0, or -1: out of memory.
 */
int ctl_stats_print_doors(const json_t *doors, FILE *out);
void ctl_stats_prometheus_doors(const json_t *doors, FILE *out);

/* Gives the object of the daemon's numbers a member "per_door" with those of each door. 0, or -1: out of memory. */
int ctl_stats_add_doors(json_t *stats, const json_t *doors);

#endif
