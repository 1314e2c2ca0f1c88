/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A security key in software, for OpenSSH: `ssh-keygen -t ed25519-sk -w sk.so`, `ssh-agent -P sk.so`, `ssh-add -S
 * sk.so`. OpenSSH makes the key, the agent's protocol and the form of the signature as with a real one (PROTOCOL.u2f
 * and sk-api.h in its source); only the touch is missing: it reports one whenever the key asks for it. The key handle
 * is the secret key.
 */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define API_VERSION 0x000a0000 /* of OpenSSH 8.9 and later */
#define ALG_ED25519 1
#define FLAG_TOUCH  1

struct sk_option;

struct sk_enroll_response {
	uint8_t flags;
	uint8_t *public_key;
	size_t public_key_len;
	uint8_t *key_handle;
	size_t key_handle_len;
	uint8_t *signature;
	size_t signature_len;
	uint8_t *attestation_cert;
	size_t attestation_cert_len;
	uint8_t *authdata;
	size_t authdata_len;
};

struct sk_sign_response {
	uint8_t flags;
	uint32_t counter;
	uint8_t *sig_r;
	size_t sig_r_len;
	uint8_t *sig_s;
	size_t sig_s_len;
};

uint32_t sk_api_version(void);
int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
	      const char *pin, struct sk_option **options, struct sk_enroll_response **response);
int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application, const uint8_t *key_handle,
	    size_t key_handle_len, uint8_t flags, const char *pin, struct sk_option **options,
	    struct sk_sign_response **response);
int sk_load_resident_keys(const char *pin, struct sk_option **options, void ***keys, size_t *n_keys);

uint32_t
sk_api_version(void)
{
	return API_VERSION;
}

int
sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
	  const char *pin, struct sk_option **options, struct sk_enroll_response **response)
{
	struct sk_enroll_response *r = calloc(1, sizeof(*r));

	(void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
	if (alg != ALG_ED25519 || !r || sodium_init() < 0) {
		free(r);
		return -1;
	}
	r->flags = flags;
	r->public_key_len = crypto_sign_PUBLICKEYBYTES;
	r->public_key = malloc(r->public_key_len);
	r->key_handle_len = crypto_sign_SECRETKEYBYTES;
	r->key_handle = malloc(r->key_handle_len);
	r->signature = calloc(1, 1); /* no attestation */
	if (!r->public_key || !r->key_handle || !r->signature)
		abort();
	crypto_sign_keypair(r->public_key, r->key_handle);
	*response = r;
	return 0;
}

int
sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application, const uint8_t *key_handle,
	size_t key_handle_len, uint8_t flags, const char *pin, struct sk_option **options,
	struct sk_sign_response **response)
{
	uint8_t bytes[32 + 1 + 4 + 32];
	struct sk_sign_response *r = calloc(1, sizeof(*r));
	uint32_t counter;

	(void)pin, (void)options;
	if (alg != ALG_ED25519 || key_handle_len != crypto_sign_SECRETKEYBYTES || !r || sodium_init() < 0) {
		free(r);
		return -1;
	}
	r->flags = flags & FLAG_TOUCH;
	r->counter = 7;
	counter = htonl(r->counter);
	crypto_hash_sha256(bytes, (const uint8_t *)application, strlen(application));
	bytes[32] = r->flags;
	memcpy(bytes + 33, &counter, sizeof(counter));
	crypto_hash_sha256(bytes + 37, data, data_len);
	r->sig_r_len = crypto_sign_BYTES;
	r->sig_r = malloc(r->sig_r_len);
	if (!r->sig_r)
		abort();
	crypto_sign_detached(r->sig_r, NULL, bytes, sizeof(bytes), key_handle);
	*response = r;
	return 0;
}

int
sk_load_resident_keys(const char *pin, struct sk_option **options, void ***keys, size_t *n_keys)
{
	(void)pin, (void)options, (void)keys, (void)n_keys;
	return -1;
}
