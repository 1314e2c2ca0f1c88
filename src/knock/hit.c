/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hit.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/text.h"

static int
parse_proto(uint8_t *proto, const char *text)
{
	if (!text || !*text || !strcasecmp(text, "tcp"))
		*proto = IPPROTO_TCP;
	else if (!strcasecmp(text, "udp"))
		*proto = IPPROTO_UDP;
	else
		return -1;
	return 0;
}

/* A service that only the other protocol has is accepted, as by knockd 0.8: "http:udp", for example. */
static enum hit_status
parse_service(struct hit *hit, char *err, size_t errlen)
{
	struct addrinfo hints = { .ai_family = AF_INET };
	const struct sockaddr_in *in;
	struct addrinfo *list;
	int rc;

	hints.ai_socktype = hit->proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	rc = getaddrinfo(NULL, hit->word, &hints, &list);
	if (rc == EAI_SERVICE) {
		hints.ai_socktype = 0;
		rc = getaddrinfo(NULL, hit->word, &hints, &list);
	}
	if (rc) {
		snprintf(err, errlen, "%s", gai_strerror(rc));
		return HIT_UNKNOWN;
	}
	in = (const void *)list->ai_addr;
	hit->port = ntohs(in->sin_port);
	freeaddrinfo(list);
	return HIT_OK;
}

/* Numbers are checked here: the resolver accepts 0 and wraps 70000 to 4464. */
static enum hit_status
parse_port(struct hit *hit, char *err, size_t errlen)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(hit->word, &end, 10);
	if (*hit->word && *end)
		return parse_service(hit, err, errlen);
	if (errno || n < 1 || n > 65535) {
		snprintf(err, errlen, "error: port %s is invalid (1 to 65535, or a service name)",
			 *hit->word ? hit->word : "\"\"");
		return HIT_BAD;
	}
	hit->port = (uint16_t)n;
	return HIT_OK;
}

enum hit_status
hit_parse(struct hit *hit, const char *text, bool udp, char *err, size_t errlen)
{
	char copy[2 * HIT_WORD_MAX], *proto;

	hit->signer = NULL;
	if (text_copy(copy, sizeof(copy), text)) {
		snprintf(err, errlen, "error: port %s is invalid (too long)", text);
		return HIT_BAD;
	}
	proto = strchr(copy, ':');
	if (proto)
		*proto++ = '\0';
	if (parse_proto(&hit->proto, proto ? text_trim(proto) : NULL)) {
		snprintf(err, errlen, "error: unknown protocol \"%s\" in \"%s\" (tcp or udp)", proto, text);
		return HIT_BAD;
	}
	if (udp)
		hit->proto = IPPROTO_UDP;
	if (text_copy(hit->word, sizeof(hit->word), text_trim(copy))) {
		snprintf(err, errlen, "error: port %s is invalid (too long)", text);
		return HIT_BAD;
	}
	return parse_port(hit, err, errlen);
}

/* The hits that tell the code, if the sequence ends with one. */
static void
set_code(struct hits *hits, const struct seq *seq, size_t first)
{
	const struct knock_port *code = seq_code(seq);

	for (unsigned i = 0; code && i < SEQ_CODE_STEPS; i++) {
		struct hit *hit = &hits->at[first + i];

		hit->port = seq_code_port(code, hits->code, i);
		text_copy(hit->word, sizeof(hit->word), "code");
	}
}

static bool
is_code(struct seq *seq, const char *item)
{
	return !seq_parse_client(seq, item, NULL) && seq_code(seq);
}

bool
hits_need_code(const char *word)
{
	const char *last = strrchr(word, ',');
	struct seq seq;

	return is_code(&seq, last ? last + 1 : word);
}

/* There is room for them. */
static void
add_code(struct hits *hits, const struct seq *seq, bool udp)
{
	for (size_t i = 0; i < SEQ_CODE_STEPS; i++)
		hits->at[hits->n + i] = (struct hit){ .proto = udp ? IPPROTO_UDP : seq->at[i].proto };
	set_code(hits, seq, hits->n);
	hits->n += SEQ_CODE_STEPS;
}

static enum hit_status
add_item(struct hits *hits, const char *item, bool udp, char *err, size_t errlen)
{
	struct hit *at = reallocarray(hits->at, hits->n + SEQ_CODE_STEPS, sizeof(*at));
	enum hit_status status;
	struct seq seq;

	if (!at) {
		snprintf(err, errlen, "error: out of memory");
		return HIT_BAD;
	}
	hits->at = at;
	if (is_code(&seq, item)) {
		add_code(hits, &seq, udp);
		return HIT_OK;
	}
	status = hit_parse(&at[hits->n], item, udp, err, errlen);
	if (status == HIT_OK)
		hits->n++;
	return status;
}

enum hit_status
hits_add(struct hits *hits, const char *word, bool udp, char *err, size_t errlen)
{
	char *copy = strdup(word), *rest = copy, *item;
	enum hit_status status = HIT_OK;

	if (!copy) {
		snprintf(err, errlen, "error: out of memory");
		return HIT_BAD;
	}
	while (status == HIT_OK && (item = strsep(&rest, ",")))
		status = add_item(hits, item, udp, err, errlen);
	free(copy);
	return status;
}

int
hits_set(struct hits *hits, const struct seq *seq, bool udp, struct signer *signer)
{
	*hits = (struct hits){ .at = calloc(seq->n + 1, sizeof(*hits->at)), .code = hits->code, .secret = true };
	if (!hits->at)
		return -1;
	for (; hits->n < seq->n; hits->n++) {
		hits->at[hits->n].port = seq->at[hits->n].port;
		hits->at[hits->n].proto = udp ? IPPROTO_UDP : seq->at[hits->n].proto;
	}
	set_code(hits, seq, seq->n - SEQ_CODE_STEPS);
	if (signer)
		hits->at[hits->n++] = (struct hit){ .proto = SEQ_AUTH, .signer = signer };
	return 0;
}

void
hits_free(struct hits *hits)
{
	free(hits->at);
	*hits = (struct hits){ .at = NULL };
}

/* True: the SYN is sent, or already answered. Any other errno: it could not be sent. */
static bool
went_out(int err)
{
	return err == EINPROGRESS || err == ECONNREFUSED || err == ECONNRESET;
}

/*
 * The socket is closed as soon as the SYN is out, so the kernel neither repeats it (a second SYN
 * ends a knockd 0.8 attempt) nor completes a handshake with an open port.
 */
int
hit_send(const struct hit *hit, const struct place *place, const struct origin *origin)
{
	bool udp = hit->proto == IPPROTO_UDP;
	int fd = hit->signer ? -1 : net_socket(origin, place, udp ? SOCK_DGRAM : SOCK_STREAM);
	int rc, saved;

	if (hit->signer)
		return signer_send(hit->signer, place, origin);
	if (fd < 0)
		return -1;
	rc = net_connect(fd, place, hit->port);
	if (udp && rc == 0)
		rc = send(fd, "", 1, 0) == 1 ? 0 : -1;
	else if (!udp && rc && went_out(errno))
		rc = 0;
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

void
hit_show(FILE *out, const struct hits *hits, size_t i, const struct place *place)
{
	const struct hit *hit = &hits->at[i];

	if (hits->secret)
		fprintf(out, "hitting %zu of %zu at %s\n", i + 1, hits->n, place->text);
	else
		fprintf(out, "hitting %s %s:%s\n", seq_proto_name(hit->proto), place->text, hit->word);
	fflush(out);
}
