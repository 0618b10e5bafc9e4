/* SPDX-License-Identifier: MIT */
/*
 * 1. An assertion MUST be handed out only for the session it was made for,
 *    and for a minute at most.
 * 2. What is kept MUST be bounded, in number and in bytes, whatever signs in.
 */
#include "check/assertions.h"

#include <stdlib.h>
#include <string.h>

#include "auth/assertion.h"
#include "base/ascii.h"

#include "base/banned.h"

#define SETS          1024 /* a power of two */
#define WAYS          8    /* places a session may take */
#define ASSERTION_MAX 16384
#define KEPT_MAX      (3 * 1024 * 1024) /* bytes, of all together */
#define FRESH_S       60

struct place {
	char handle[STAUTH_HANDLE_LEN + 1]; /* "": free */
	int64_t made_at;
	size_t len;
	char *jwt;
};

struct gate_assertions {
	const struct stauth_config *config;
	struct stauth_buf made; /* the last one */
	size_t kept;
	size_t next_out; /* whose turn it is when there are too many bytes */
	struct place places[SETS * WAYS];
};

struct gate_assertions *gate_assertions_new(const struct stauth_config *config)
{
	struct gate_assertions *cache = calloc(1, sizeof(*cache));
	if (cache != NULL) {
		cache->config = config;
		stauth_buf_init(&cache->made, ASSERTION_MAX);
	}
	return cache;
}

void gate_assertions_free(struct gate_assertions *cache)
{
	if (cache == NULL) {
		return;
	}
	for (size_t i = 0; i < SETS * WAYS; i++) {
		free(cache->places[i].jwt);
	}
	stauth_buf_finish(&cache->made);
	free(cache);
}

/* The first of the WAYS places. Handles are random, so their first bytes are
 * spread well enough. */
static struct place *set_of(struct gate_assertions *cache, const char *handle)
{
	uint64_t bits;
	memcpy(&bits, handle, sizeof(bits));
	bits *= UINT64_C(0x9e3779b97f4a7c15);
	return &cache->places[((size_t)(bits >> 32) & (SETS - 1)) * WAYS];
}

static bool is_fresh(const struct place *place, int64_t now_s)
{
	/* A clock that was set back must not keep an old one alive. */
	return now_s >= place->made_at && now_s - place->made_at < FRESH_S;
}

static void empty(struct gate_assertions *cache, struct place *place)
{
	if (place->jwt != NULL) {
		cache->kept -= place->len;
		free(place->jwt);
	}
	*place = (struct place){.jwt = NULL};
}

/* This session's own place, or a free one, or that of the oldest. */
static struct place *place_for(struct place *set, const char *handle)
{
	struct place *best = set;
	for (struct place *place = set; place < set + WAYS; place++) {
		if (strcmp(place->handle, handle) == 0) {
			return place;
		}
		if (best->jwt != NULL &&
			(place->jwt == NULL ||
				place->made_at < best->made_at)) {
			best = place;
		}
	}
	return best;
}

/* It becomes a header: base64url and dots, nothing else. */
static bool is_jwt(const struct stauth_buf *jwt)
{
	const char *text = stauth_buf_str(jwt);
	return stauth_buf_ok(jwt) && jwt->len > 0 &&
	       strspn(text, STAUTH_ALNUM "-_.") == jwt->len;
}

/* Without memory nothing is kept, and the next check makes it again. */
static void keep(struct gate_assertions *cache, struct place *place,
	const char *handle, int64_t now_s)
{
	size_t size = cache->made.len + 1;
	empty(cache, place);
	while (cache->kept + size > KEPT_MAX) {
		empty(cache, &cache->places[cache->next_out]);
		cache->next_out = (cache->next_out + 1) % (SETS * WAYS);
	}
	char *jwt = malloc(size);
	if (jwt == NULL) {
		return;
	}
	memcpy(jwt, stauth_buf_str(&cache->made), size);
	memcpy(place->handle, handle, sizeof(place->handle));
	place->made_at = now_s;
	place->len = size;
	place->jwt = jwt;
	cache->kept += size;
}

const char *gate_assertions_get(struct gate_assertions *cache,
	const struct stauth_session *session, int64_t now_s)
{
	if (cache->config->app_key_len == 0) {
		return "";
	}
	struct place *set = set_of(cache, session->handle);
	for (struct place *place = set; place < set + WAYS; place++) {
		if (strcmp(place->handle, session->handle) == 0 &&
			is_fresh(place, now_s)) {
			return place->jwt;
		}
	}
	stauth_buf_reset(&cache->made);
	struct stauth_err err;
	if (stauth_assertion_make(cache->config, session, now_s, &cache->made,
		    &err) != STAUTH_OK ||
		!is_jwt(&cache->made)) {
		return NULL;
	}
	keep(cache, place_for(set, session->handle), session->handle, now_s);
	return stauth_buf_str(&cache->made);
}
