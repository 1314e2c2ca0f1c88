/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "keys.h"
#include "message.h"
#include "mistakes.h"
#include "opened.h"
#include "signed/knock1.h"

/* knockd 0.8 accepts these settings silently, though they have no effect. */
void
check_door(struct parser *p, const struct door *door)
{
	static const char *const suffix[] = { "", "_6" };

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		const char *start = door_start_command(door, f);

		if (door->stop_command[f] && (!start || !*start))
			message_tell(
			    p, CONF_WARNING,
			    "config: section %s: warning: stop_command%s never runs: there is no start_command (%s)",
			    door->name, suffix[f], p->path);
	}
	if (door->seq.n > 1 && door->seq_timeout <= 0)
		message_tell(
		    p, CONF_WARNING,
		    "config: section %s: warning: with seq_timeout %lld the sequence can never be completed (%s)",
		    door->name, (long long)door->seq_timeout, p->path);
	mistakes_of_door(p, door);
}

/* The guard is in table inet knockd: without that table the port would stay open. */
static void
check_rules(struct parser *p, const struct door *door)
{
	if (p->conf->rules != CONF_RULES_NONE || (!door->open.n && !door->close.n))
		return;
	message_tell(
	    p, CONF_ERROR,
	    "config: section %s: open and close need Rules = auto: with Rules = none knockd does not keep ports shut "
	    "(line %d of %s)",
	    door->name, door->line, p->path);
	p->errors++;
}

static void
check_closes(struct parser *p, const struct door *door, const struct opened *opened)
{
	for (size_t i = 0; i < door->close.n; i++) {
		if (!opened_first(opened, &door->target, &door->close.at[i]))
			message_tell(p, CONF_WARNING, "config: section %s: warning: close: no door%s opens %u:%s (%s)",
				     door->name, door->target.family ? " with this Target" : "", door->close.at[i].port,
				     seq_proto_name(door->close.at[i].proto), p->path);
	}
}

/* A prefix of more than 32 bits is for IPv6. A plain key that serves an IPv6 client is checked again at its knock. */
static void
check_prefix(struct parser *p, const char *key, const char *section, const struct element *element,
	     enum conf_family family)
{
	const uint8_t *max_prefix = p->conf->max_prefix;
	int bits = element_prefix(element);

	p->line = element->line;
	if (bits > 32)
		family = CONF_V6;
	if (bits < 0)
		message_fail(p, "syntax error: %s: only a prefix may follow %%IP%%, such as %%IP%%/24, in [%s]", key,
			     section);
	else if (bits < max_prefix[family])
		message_fail(p, "%s: %%IP%%/%d is wider than the /%d that Max_Prefix allows for %s, in [%s]", key, bits,
			     max_prefix[family], family == CONF_V6 ? "IPv6" : "IPv4", section);
}

static void
check_prefixes(struct parser *p, struct door *door)
{
	memcpy(door->max_prefix, p->conf->max_prefix, sizeof(door->max_prefix));
	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++)
		for (size_t i = 0; i < door->elements[DOOR_GRANTS][f].n; i++)
			check_prefix(p, f == CONF_V6 ? "grant_6" : "grant", door->name,
				     &door->elements[DOOR_GRANTS][f].at[i], f);
}

/* At the end of the file, when Ban_Time and Max_Prefix are known. A timeout in the element overrides Ban_Time. */
static void
check_bans(struct parser *p)
{
	struct conf *conf = p->conf;

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		for (size_t i = 0; i < conf->ban[f].n; i++) {
			struct element *ban = &conf->ban[f].at[i];

			check_prefix(p, f == CONF_V6 ? "Ban_Set_6" : "Ban_Set", "options", ban, f);
			if (!ban->timeout_ms)
				ban->timeout_ms = conf->ban_ms;
		}
	}
	if ((conf->ban[CONF_V4].n || conf->ban[CONF_V6].n) && !conf->scan_guard)
		message_tell(
		    p, CONF_WARNING,
		    "config: section options: warning: Ban_Set: with Scan_Guard = 0 knockd detects no scan (%s)",
		    p->path);
}

/* The kernel tells whether an address is in a set, not whether any of a network is. */
static void
check_ban_sets(struct parser *p)
{
	const struct conf *conf = p->conf;

	for (enum conf_family f = CONF_V4; f < CONF_FAMILIES; f++) {
		for (size_t i = 0; conf->ban_except_sets.n && i < conf->ban[f].n; i++) {
			int bits = element_prefix(&conf->ban[f].at[i]);

			if (bits < 0 || bits == ELEMENT_WHOLE)
				continue;
			p->line = conf->ban_except_sets.at[0].line;
			message_fail(
			    p, "Ban_Except: a set cannot be asked about %%IP%%/%d of Ban_Set: name networks instead",
			    bits);
		}
	}
}

static bool
is_knock(const struct conf *conf, const struct knock_port *port)
{
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct seq *seq = &conf->doors[d].seq;

		for (size_t i = 0; i < seq->n; i++) {
			if (seq->at[i].proto == port->proto && seq->at[i].port <= port->port &&
			    seq_last(&seq->at[i]) >= port->port)
				return true;
		}
	}
	return false;
}

/* Knock_Verdict = drop drops every packet to a knock port, also after the port was opened. */
static void
check_dropped(struct parser *p, const struct door *door)
{
	if (p->conf->capture != CONF_CAPTURE_NFQUEUE || p->conf->knock_verdict != CONF_KNOCK_DROP)
		return;
	for (size_t i = 0; i < door->open.n; i++) {
		if (is_knock(p->conf, &door->open.at[i]))
			message_tell(
			    p, CONF_WARNING,
			    "config: section %s: warning: open: %u:%s is in a sequence, and Knock_Verdict = drop drops "
			    "every packet to it (%s)",
			    door->name, door->open.at[i].port, seq_proto_name(door->open.at[i].proto), p->path);
	}
}

/* ---- signed knocks ------------------------------------------------------------------------------ */

static void
fail_door(struct parser *p, const struct door *door, const char *what)
{
	message_tell(p, CONF_ERROR, "config: section %s: %s (line %d of %s)", door->name, what, door->line, p->path);
	p->errors++;
}

/* The rules report datagrams of a signed knock's length, the matcher takes shorter ones: one port cannot be both. */
static bool
is_in_range(const struct conf *conf, const struct knock_port *auth)
{
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct seq *seq = &conf->doors[d].seq;

		for (size_t i = 0; i < seq->n; i++)
			if (seq->at[i].proto == IPPROTO_UDP && seq_last(&seq->at[i]) >= auth->port &&
			    seq->at[i].port <= auth->last)
				return true;
	}
	return false;
}

/* A statement names its door by a hash of the name. */
static void
check_name(struct parser *p, const struct door *door)
{
#ifdef HAVE_SODIUM
	uint8_t id[KNOCK1_ID_LEN], other_id[KNOCK1_ID_LEN];
	char text[DOOR_NAME_MAX + 64];

	knock1_door_id(door->name, id);
	for (const struct door *other = p->conf->doors; other < door; other++) {
		knock1_door_id(other->name, other_id);
		if (!seq_auth(&other->seq) || memcmp(id, other_id, sizeof(id)))
			continue;
		snprintf(text, sizeof(text), "a signed knock cannot tell it from section %s, line %d", other->name,
			 other->line);
		fail_door(p, door, text);
	}
#else
	(void)p, (void)door;
#endif
}

static void
check_unsigned(struct parser *p, const struct door *door)
{
	if (door->bound || door->max_time_ms)
		fail_door(p, door, "bound and max_time are for signed knocks: its sequence does not end in :auth");
	if (door->users && !seq_code(&door->seq))
		fail_door(p, door, "users is for signed knocks and codes: its sequence does not end in :auth or :totp");
	if (door_wants_port(door))
		fail_door(p, door, "%PROTO% and %PORT% are for signed knocks: its sequence does not end in :auth");
}

static void
check_signed(struct parser *p, const struct door *door)
{
	const struct knock_port *auth = seq_auth(&door->seq);

	if (!auth) {
		check_unsigned(p, door);
		return;
	}
	if (!p->conf->knock_key || !p->conf->authorized_keys)
		fail_door(p, door, "a signed knock (:auth) needs Knock_Key and Authorized_Keys in [options]");
	if (door->one_time_path)
		fail_door(p, door, "a signed knock (:auth) and one_time_sequences exclude each other");
	if (door->cooldown > 0)
		fail_door(p, door, "a signed knock (:auth) and seq_cooldown exclude each other");
	if (is_in_range(p->conf, auth))
		fail_door(p, door, "a port of its signed knock (:auth) is a UDP port in a sequence as well");
	check_name(p, door);
}

/* ---- codes -------------------------------------------------------------------------------------- */

/* Another door with a step of the range would hear digits of the code. Two codes may have the same range. */
static const struct door *
find_in_range(const struct conf *conf, const struct knock_port *code)
{
	for (size_t d = 0; d < conf->n_doors; d++) {
		const struct seq *seq = &conf->doors[d].seq;

		for (size_t i = 0; i < seq->n; i++) {
			const struct knock_port *port = &seq->at[i];

			bool same = port->port == code->port && port->last == code->last;

			if (port->proto == code->proto && !same && port->port <= code->last &&
			    seq_last(port) >= code->port)
				return &conf->doors[d];
		}
	}
	return NULL;
}

static void
check_code(struct parser *p, const struct door *door)
{
	const struct knock_port *code = seq_code(&door->seq);
	const struct door *other = code ? find_in_range(p->conf, code) : NULL;
	char text[DOOR_NAME_MAX + 80];

	if (!code)
		return;
	if (!p->conf->totp_secrets)
		fail_door(p, door, "a code (:totp) needs Totp_Secrets in [options]");
	if (door->seq.n == SEQ_CODE_STEPS)
		fail_door(p, door,
			  "a code (:totp) needs a port before it, or any scan of its ports would use up the tries");
	if (door->one_time_path)
		fail_door(p, door, "a code (:totp) and one_time_sequences exclude each other");
	if (door->cooldown > 0)
		fail_door(p, door, "a code (:totp) and seq_cooldown exclude each other: a code counts once anyway");
	if (!other)
		return;
	snprintf(text, sizeof(text), "a port of its code (:totp) is in the sequence of section %s as well",
		 other->name);
	fail_door(p, door, text);
}

/* ------------------------------------------------------------------------------------------------- */

/* One door marks the sequence that both have; the other then fails to mark it, and stays shut. */
static void
check_one_time(struct parser *p, const struct door *door)
{
	for (const struct door *other = p->conf->doors; door->one_time_path && other < door; other++) {
		if (other->one_time_path && !strcmp(other->one_time_path, door->one_time_path))
			message_tell(
			    p, CONF_WARNING,
			    "config: section %s: warning: one_time_sequences: [%s] has the same file: each sequence "
			    "opens one of them (%s)",
			    door->name, other->name, p->path);
	}
}

static void
check_can_cut(struct parser *p, const struct door *door)
{
	if (!door->cut || conf_can_cut() ||
	    (!door->elements[DOOR_GRANTS][CONF_V4].n && !door->elements[DOOR_GRANTS][CONF_V6].n))
		return;
	message_tell(p, CONF_ERROR,
		     "config: section %s: cut = yes with grant: this knockd was built without libnetfilter_conntrack "
		     "(line %d of %s)",
		     door->name, door->line, p->path);
	p->errors++;
}

/* A port is cut or not, whichever door its client has opened. */
static void
check_cut(struct parser *p, const struct door *door, const struct opened *opened)
{
	for (size_t i = 0; i < door->open.n; i++) {
		const struct door *first = opened_first(opened, &door->target, &door->open.at[i]);

		if (first->cut == door->cut)
			continue;
		message_tell(p, CONF_WARNING,
			     "config: section %s: warning: cut: [%s] opens %u:%s, too, and %s: it is cut for both (%s)",
			     door->name, first->name, door->open.at[i].port, seq_proto_name(door->open.at[i].proto),
			     first->cut ? "cuts it" : "does not cut it", p->path);
	}
}

/* Packets renew the elements of a port, whichever door has added them. */
static void
check_idle(struct parser *p, const struct door *door, const struct opened *opened)
{
	for (size_t i = 0; i < door->open.n; i++) {
		const struct door *first = opened_first(opened, &door->target, &door->open.at[i]);

		if (first->idle_ms == door->idle_ms)
			continue;
		message_tell(p, CONF_ERROR,
			     "config: section %s: idle_timeout: [%s] opens %u:%s, too, and has another one "
			     "(line %d of %s)",
			     door->name, first->name, door->open.at[i].port, seq_proto_name(door->open.at[i].proto),
			     door->line, p->path);
		p->errors++;
	}
}

static void
fail_share(struct parser *p, int line, const char *text)
{
	message_tell(p, CONF_ERROR, "config: section options: %s (line %d of %s)", text, line, p->path);
	p->errors++;
}

static void
warn_of_share_keys(struct parser *p)
{
	for (const struct conf_key *key = keys_share.at; key < keys_share.at + keys_share.n; key++)
		if (key->scope == CONF_SCOPE_OPTIONS && keys_in_options(p, key))
			message_tell(p, CONF_WARNING,
				     "config: section options: warning: %s has no effect without Share (%s)", key->name,
				     p->path);
}

static void
warn_of_claims(struct parser *p)
{
	for (size_t i = 0; i < p->conf->n_doors; i++)
		if (p->conf->doors[i].share == SHARE_CLAIM)
			message_tell(
			    p, CONF_WARNING,
			    "config: section %s: warning: share = claim has no effect without Share in [options] "
			    "(%s)",
			    p->conf->doors[i].name, p->path);
}

/* By name, then in the order of the file. */
static int
compare_names(const void *a, const void *b)
{
	const struct door *one = *(const struct door *const *)a, *other = *(const struct door *const *)b;
	int order = strcmp(one->name, other->name);

	return order ? order : (one > other) - (one < other);
}

/* Gateways tell each other a door's name alone, see sharing_door(). */
static void
check_shared_name(struct parser *p, const struct door *first, const struct door *door)
{
	char text[128];

	if (strcmp(first->name, door->name) || (first->share == SHARE_LOCAL && door->share == SHARE_LOCAL))
		return;
	snprintf(text, sizeof(text),
		 "gateways that share cannot tell it from the section of this name in line %d: it needs another name",
		 first->line);
	fail_door(p, door, text);
}

static void
check_shared_names(struct parser *p)
{
	size_t n = p->conf->n_doors;
	const struct door **doors = calloc(n + 1, sizeof(*doors));

	if (!doors) {
		message_fail(p, "out of memory");
		return;
	}
	for (size_t i = 0; i < n; i++)
		doors[i] = &p->conf->doors[i];
	qsort(doors, n, sizeof(*doors), compare_names);
	for (size_t i = 1; i < n; i++)
		check_shared_name(p, doors[i - 1], doors[i]);
	free(doors);
}

static bool
has_tls_files(const struct share_conf *share)
{
	return share->tls_path[SHARE_CA] || share->tls_path[SHARE_CERT] || share->tls_path[SHARE_CERT_KEY];
}

static void
check_share(struct parser *p)
{
	const struct share_conf *share = &p->conf->share;

	if (!share->tls_path[SHARE_CERT] != !share->tls_path[SHARE_CERT_KEY])
		fail_share(p, p->cert_line, "Share_Cert and Share_Cert_Key need each other");
	if (share->engine && !share->tls && has_tls_files(share))
		message_tell(p, CONF_WARNING,
			     "config: section options: warning: Share_CA and Share_Cert have no effect without "
			     "rediss:// or rediss-sentinel:// in Share (%s)",
			     p->path);
	if (share->engine && !share->key_path)
		fail_share(p, p->share_line, "Share needs Share_Key, which knockd --share-keygen makes");
	if (share->engine) {
		check_shared_names(p);
	} else if (!keys_in_options(p, keys_find("Share"))) {
		warn_of_share_keys(p);
		warn_of_claims(p);
	}
}

void
check_file(struct parser *p)
{
	struct opened *opened = opened_new(p->conf);

	if (!opened) {
		message_fail(p, "out of memory");
		return;
	}
	check_share(p);
	check_bans(p);
	check_ban_sets(p);
	for (size_t i = 0; i < p->conf->n_doors; i++) {
		check_rules(p, &p->conf->doors[i]);
		check_closes(p, &p->conf->doors[i], opened);
		check_prefixes(p, &p->conf->doors[i]);
		check_dropped(p, &p->conf->doors[i]);
		check_one_time(p, &p->conf->doors[i]);
		check_idle(p, &p->conf->doors[i], opened);
		check_can_cut(p, &p->conf->doors[i]);
		check_cut(p, &p->conf->doors[i], opened);
		check_signed(p, &p->conf->doors[i]);
		check_code(p, &p->conf->doors[i]);
	}
	opened_free(opened);
	mistakes_of_file(p);
}
