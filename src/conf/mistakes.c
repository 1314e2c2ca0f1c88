/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mistakes.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "keys.h"
#include "message.h"
#include "overlap.h"

#define WARN(p, door, text) \
	message_tell(p, CONF_WARNING, "config: section %s: warning: " text " (%s)", (door)->name, (p)->path)

/* ---- one door ----------------------------------------------------------------------------------- */

/* An action that is given without a value says that this is meant, as for a decoy. */
static bool
does_nothing(const struct door *door)
{
	if (door->open.n || door->close.n)
		return false;
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		if (door->start_command[f] || door->stop_command[f] || door->elements[DOOR_GRANTS][f].given ||
		    door->elements[DOOR_REVOKES][f].given)
			return false;
	}
	return true;
}

/*
 * Sequences of the configuration that Debian installs, of knockd 0.8's and our own manuals, and of the tutorials that
 * copy them.
 */
static const char *const examples[] = {
	"7000,8000,9000",
	"9000,8000,7000",
	"12345,54321,24680,13579",
	"12345,23456,34567",
	"2222:udp,3333:tcp,4444:udp",
	"2222,3333,4444",
	"7000,8000:udp,9000",
	"6421,9573,7184",
	"6421,9573:udp,7184",
	"5310:udp,8642,5977:udp",
	"5977:udp,8642,5310:udp",
	"7184,6421,9573",
	"4813,6190,5026",
	"7100,8300,20000:totp",
};

static bool
is_example(const struct seq *seq)
{
	struct seq example;

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		if (!seq_parse_door(&example, examples[i], NULL) && seq_equal(&example, seq))
			return true;
	return false;
}

/* Can an answer to a connection of this host be the door's first hit? It is UDP, or has ACK. */
static bool
takes_answers(const struct door *door, const struct knock_port *first)
{
	return first->proto == IPPROTO_UDP || !(door->flags_mask & TH_ACK) || door->flags_value & TH_ACK;
}

static void
check_first_port(struct parser *p, const struct door *door)
{
	const struct knock_port *first = &door->seq.at[0];
	bool is_local = first->port >= p->local_ports.first && first->port <= p->local_ports.last;

	if (!door->seq.n || door->one_time_path || first->proto == SEQ_AUTH || !is_local || !takes_answers(door, first))
		return;
	message_tell(
	    p, CONF_WARNING,
	    "config: section %s: warning: programs of this machine use the first port of the sequence for "
	    "connections to others, too, and the answers %s: use a port outside net.ipv4.ip_local_port_range%s "
	    "(%s)",
	    door->name, door->seq.n == 1 ? "open the door" : "begin a knock",
	    first->proto == IPPROTO_UDP ? "" : ", or tcpflags = syn,!ack", p->path);
}

/* Each answer to a program of this machine would be reported as a digit. */
static void
check_code_ports(struct parser *p, const struct door *door)
{
	const struct knock_port *code = seq_code(&door->seq);

	if (code && code->port <= p->local_ports.last && code->last >= p->local_ports.first &&
	    takes_answers(door, code))
		message_tell(p, CONF_WARNING,
			     "config: section %s: warning: programs of this machine use ports of the code (:totp) for "
			     "connections to others, too: use ports outside net.ipv4.ip_local_port_range%s (%s)",
			     door->name, code->proto == IPPROTO_UDP ? "" : ", or tcpflags = syn,!ack", p->path);
}

static bool
has_grants(const struct door *door)
{
	return door->elements[DOOR_GRANTS][CONF_V4].n || door->elements[DOOR_GRANTS][CONF_V6].n;
}

void
mistakes_of_door(struct parser *p, const struct door *door)
{
	if (p->bad_door)
		return;
	if (does_nothing(door))
		WARN(p, door, "the door does nothing: it has no open, grant, close, revoke or command");
	if (keys_seen(p, keys_find("Cmd_Timeout")) && !door->stop_command[CONF_V4] && !door->stop_command[CONF_V6])
		WARN(p, door, "cmd_timeout has no effect without stop_command");
	if (door->cut && !door->open.n && !has_grants(door))
		WARN(p, door, "cut has no effect without open or grant");
	if (keys_seen(p, keys_find("Totp_Tries")) && !seq_code(&door->seq))
		WARN(p, door, "totp_tries has no effect without a code (:totp) at the end of the sequence");
	if (is_example(&door->seq) && !door->one_time_path)
		WARN(p, door, "the sequence is one of the examples, which everybody knows");
	check_first_port(p, door);
	check_code_ports(p, door);
}

/* ---- all doors ---------------------------------------------------------------------------------- */

/* overlap_found */
static void
tell_overlap(void *arg, const struct door *door, const struct door *other)
{
	struct parser *p = arg;

	message_tell(p, CONF_WARNING,
		     "config: section %s: warning: a knock at this door also opens [%s], whose sequence is %s (%s)",
		     door->name, other->name, door->seq.n == other->seq.n ? "the same" : "a part of this one", p->path);
}

/* Bit for bit the ports of all doors: a hit on one of them is no stray. */
struct door_ports {
	uint64_t bits[2 * 65536 / 64];
};

static size_t
port_bit(uint8_t proto, unsigned port)
{
	return (proto == IPPROTO_UDP ? 65536 : 0) + port;
}

static bool
is_door_port(const struct door_ports *ports, uint8_t proto, unsigned port)
{
	size_t bit = port_bit(proto, port);

	return ports->bits[bit / 64] >> bit % 64 & 1;
}

static void
add_ports(struct door_ports *ports, const struct seq *seq)
{
	for (size_t i = 0; i < seq->n && seq->at[i].proto != SEQ_AUTH; i++) {
		for (unsigned port = seq->at[i].port; port <= seq_last(&seq->at[i]); port++) {
			size_t bit = port_bit(seq->at[i].proto, port);

			ports->bits[bit / 64] |= UINT64_C(1) << bit % 64;
		}
	}
}

static bool
ascends(const struct seq *seq)
{
	for (size_t i = 1; i < seq->n; i++)
		if (seq->at[i].proto != seq->at[0].proto || seq->at[i].port <= seq->at[i - 1].port)
			return false;
	return seq->n > 1;
}

/*
 * The matcher's rule, for a client that tries one port after the other: a port of another door ends the attempt, and so
 * do Scan_Guard ports of none.
 */
static bool
is_completed_by_scan(const struct conf *conf, const struct door_ports *ports, const struct seq *seq)
{
	unsigned strays = 0;
	size_t stage = 0;

	if (!ascends(seq))
		return false;
	for (unsigned port = seq->at[0].port; port < seq->at[seq->n - 1].port; port++) {
		if (port == seq->at[stage].port)
			stage++;
		else if (is_door_port(ports, seq->at[0].proto, port) || ++strays == conf->scan_guard)
			return false;
	}
	return true;
}

static void
check_scans(struct parser *p)
{
	const struct conf *conf = p->conf;
	struct door_ports *ports = calloc(1, sizeof(*ports));

	for (size_t d = 0; ports && d < conf->n_doors; d++) {
		add_ports(ports, &conf->doors[d].seq);
		for (size_t i = 0; i < conf->doors[d].n_one_time; i++)
			add_ports(ports, &conf->doors[d].one_time[i]);
	}
	for (size_t d = 0; ports && d < conf->n_doors; d++)
		if (!conf->doors[d].one_time_path && is_completed_by_scan(conf, ports, &conf->doors[d].seq))
			WARN(p, &conf->doors[d],
			     "a scan of all ports in ascending order completes the sequence: use another order");
	if (!ports)
		message_fail(p, "out of memory");
	free(ports);
}

void
mistakes_of_file(struct parser *p)
{
	if (p->errors)
		return;
	if (overlap_find(p->conf, tell_overlap, p))
		message_fail(p, "out of memory");
	check_scans(p);
}
