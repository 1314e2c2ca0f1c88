/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transaction.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset_print.h"

#define TRIES 20 /* while other programs change the ruleset between look and commit */

static struct nlmsghdr *
add(struct transaction *t, uint16_t type, uint16_t flags, const struct subject *subject)
{
	size_t room = t->room ? 2 * t->room : 64;
	struct subject *grown;

	if (t->n == t->room) {
		grown = reallocarray(t->subjects, room, sizeof(*grown));
		if (!grown)
			return NULL;
		t->subjects = grown;
		t->room = room;
	}
	t->subjects[t->n++] = *subject;
	return nfnl_add(t->nfnl, type, NFPROTO_INET, flags);
}

struct nlmsghdr *
transaction_add(struct transaction *t, uint16_t type, uint16_t flags, const char *what, const char *name)
{
	return add(t, type, flags, &(struct subject){ .what = what, .name = name });
}

struct nlmsghdr *
transaction_add_rule(struct transaction *t, const struct rule *rule)
{
	return add(t, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, &(struct subject){ .rule = rule });
}

/* A refused message makes the kernel refuse later ones, too: the first is the reason. */
static void
take_refusal(void *arg, size_t index, int error)
{
	struct transaction *t = arg;

	if (t->error && index >= t->refused)
		return;
	t->refused = index;
	t->error = error;
}

/* Linux before 5.9 cannot reject at this hook, and refuses the rule or the whole transaction. */
static const char *
hint(const struct transaction *t, int error)
{
	for (size_t i = 0; i < t->rules->n_rules && error == EOPNOTSUPP; i++) {
		const struct rule *rule = &t->rules->rules[i];

		if (rule->terms[rule->n - 1].kind == TERM_REJECT)
			return " (Guard_Policy = reject needs Linux 5.9 or later)";
	}
	return "";
}

/* ENOENT: this kernel lacks the expression. */
static const char *
rule_hint(const struct transaction *t, const struct rule *rule)
{
	if (t->error == ENOENT && rule->terms[rule->n - 1].kind == TERM_QUEUE)
		return " (Capture = nfqueue needs a kernel with CONFIG_NFT_QUEUE; Capture = nflog does without)";
	if (t->error == ENOENT && rule->terms[0].kind == TERM_ASKED)
		return " (Scan_Guard needs a kernel with CONFIG_NFT_SOCKET; doors with tcpflags = syn,!ack and without "
		       "UDP "
		       "ports do without, and so does Scan_Guard = 0)";
	return hint(t, t->error);
}

static void
explain(const struct transaction *t, char *err, size_t errlen)
{
	const struct subject *subject = &t->subjects[t->refused];
	char *text = NULL;
	size_t len;
	FILE *out;

	if (t->error == EPERM && t->look.owner && t->look.owner != nfnl_port(t->nfnl)) {
		snprintf(err, errlen, "the table belongs to another process (netlink port %u)", t->look.owner);
		return;
	}
	if (subject->what) {
		snprintf(err, errlen, "the kernel refused %s %s: %s", subject->what, subject->name, strerror(t->error));
		return;
	}
	out = open_memstream(&text, &len);
	if (out) {
		ruleset_print_rule(t->rules, subject->rule, out);
		fclose(out);
	}
	snprintf(err, errlen, "the kernel refused \"%s\": %s%s", text ? text : "a rule", strerror(t->error),
		 rule_hint(t, subject->rule));
	free(text);
}

void
transaction_explain(const struct transaction *t, int result, char *err, size_t errlen)
{
	if (result < 0 && errno == EINVAL) { /* nothing has this type of message */
		snprintf(err, errlen, "the kernel lacks nf_tables (CONFIG_NF_TABLES)");
	} else if (result < 0) {
		snprintf(err, errlen, "%s%s", strerror(errno), hint(t, errno));
	} else {
		explain(t, err, errlen);
		errno = t->error;
	}
}

int
transaction_run(struct transaction *t, transaction_put *put, void *arg)
{
	int rc = -1, tries = t->tries ? t->tries : TRIES;

	errno = ERESTART;
	for (int i = 0; i < tries && rc < 0 && nfnl_is_passing(errno); i++) {
		look_free(&t->look);
		t->n = 0;
		t->error = 0;
		if (look_at(&t->look, t->nfnl))
			continue;
		nfnl_begin(t->nfnl, t->look.generation);
		errno = ENOMEM;
		if (put(arg))
			continue;
		rc = nfnl_commit(t->nfnl, take_refusal, t);
		if (rc > 0 && (t->error == ENOMEM || t->error == ENOBUFS)) {
			errno = t->error;
			rc = -1;
		}
	}
	return rc;
}

void
transaction_free(struct transaction *t)
{
	int saved = errno;

	look_free(&t->look);
	free(t->subjects);
	errno = saved;
}
