/* SPDX-License-Identifier: MIT */
#include "check/assertions.h"

#include <stdlib.h>
#include <string.h>

#include "auth/assertion.h"

#include "base/banned.h"

#define PLACES        2048 /* a power of two */
#define ASSERTION_MAX 16384
#define FRESH_S       60

struct place {
	char handle[STAUTH_HANDLE_LEN + 1];
	int64_t made_at;
	struct stauth_buf jwt;
};

struct gate_assertions {
	const struct stauth_config *config;
	struct place places[PLACES];
};

struct gate_assertions *gate_assertions_new(const struct stauth_config *config)
{
	struct gate_assertions *cache = calloc(1, sizeof(*cache));
	if (cache != NULL) {
		cache->config = config;
	}
	return cache;
}

void gate_assertions_free(struct gate_assertions *cache)
{
	if (cache == NULL) {
		return;
	}
	for (size_t i = 0; i < PLACES; i++) {
		stauth_buf_finish(&cache->places[i].jwt);
	}
	free(cache);
}

static struct place *place_of(struct gate_assertions *cache, const char *handle)
{
	uint64_t bits;
	memcpy(&bits, handle, sizeof(bits));
	bits *= UINT64_C(0x9e3779b97f4a7c15);
	return &cache->places[(size_t)(bits >> 32) & (PLACES - 1)];
}

static bool is_fresh(const struct place *place,
	const struct stauth_session *session, int64_t now_s)
{
	/* A clock that was set back must not keep an old one alive. */
	return place->jwt.len > 0 && now_s >= place->made_at &&
	       now_s - place->made_at < FRESH_S &&
	       strcmp(place->handle, session->handle) == 0;
}

/* It becomes a header: base64url and dots, nothing else. */
static bool is_jwt(const struct stauth_buf *jwt)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-_.";
	const char *text = stauth_buf_str(jwt);
	return stauth_buf_ok(jwt) && jwt->len > 0 &&
	       strspn(text, alphabet) == jwt->len;
}

const char *gate_assertions_get(struct gate_assertions *cache,
	const struct stauth_session *session, int64_t now_s)
{
	struct stauth_err err;
	if (cache->config->app_key_len == 0) {
		return "";
	}
	struct place *place = place_of(cache, session->handle);
	if (is_fresh(place, session, now_s)) {
		return stauth_buf_str(&place->jwt);
	}
	place->handle[0] = '\0';
	place->jwt.max = ASSERTION_MAX;
	stauth_buf_reset(&place->jwt);
	if (stauth_assertion_make(cache->config, session, now_s, &place->jwt,
		    &err) != STAUTH_OK ||
		!is_jwt(&place->jwt)) {
		stauth_buf_reset(&place->jwt);
		return NULL;
	}
	memcpy(place->handle, session->handle, sizeof(place->handle));
	place->made_at = now_s;
	return stauth_buf_str(&place->jwt);
}
