/* SPDX-License-Identifier: MIT */
/*
 * The signed identity (CONTRACT 3.1), in the order of the code:
 *
 *  1. An assertion MUST be signed with APP_KEY by HMAC-SHA-256; without the
 *     key there is none, and none is believed.
 *  2. On checking, the signature MUST be compared, in constant time, before
 *     anything in the assertion is parsed.
 *  3. `alg` MUST be HS256 and `typ` JWT or absent; the algorithm is never
 *     taken from the token. `crit` MUST be absent.
 *  4. `iss` and `aud` MUST be ours, `exp` ahead, `iat` at most a minute
 *     ahead, and `sid` a session handle.
 */
#include "auth/assertion.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/codec.h"
#include "base/secret.h"

#include "base/banned.h"

#define JWT_MAX     16384
#define IAT_AHEAD_S 60

/* {"alg":"HS256","typ":"JWT"} */
static const char header[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/* --- making */

static json_t *groups_json(const char *groups)
{
	json_t *list = json_array();

	while (*groups) {
		size_t len = strcspn(groups, ",");

		if (json_array_append_new(list, json_stringn(groups, len))) {
			json_decref(list);
			return NULL;
		}
		groups += len;
		groups += *groups == ',';
	}
	return list;
}

static json_t *claims_json(const struct stauth_config *config,
	const struct stauth_session *session, int64_t now_s)
{
	const char *issuer = stauth_config_issuer(config);
	json_t *amr = session->factors & STAUTH_FACTOR_PASSWORD
			      ? json_pack("[s]", "pwd")
			      : json_array();

	/* json_pack takes amr and the groups over, also when it fails. */
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:s, s:I, s:o, s:s}",
		"iss", issuer, "sub", session->user, "sid", session->handle,
		"name", session->display_name, "email", session->email,
		"groups", groups_json(session->groups), "iat",
		(json_int_t)now_s, "exp", (json_int_t)session->expires_at,
		"aud", issuer, "auth_time", (json_int_t)session->auth_at, "amr",
		amr, "acr", session->level >= 2 ? "2" : "1");
}

static void add_b64(struct stauth_buf *buf, const void *data, size_t len)
{
	char *text = malloc(STAUTH_B64URL_SIZE(len));

	if (text == NULL) {
		buf->failed = true;
		return;
	}
	stauth_b64url_encode(data, len, text);
	stauth_buf_add(buf, text);
	free(text);
}

static bool sign(const struct stauth_config *config, const char *text,
	size_t len, uint8_t mac[STAUTH_SHA256_LEN])
{
	return stauth_hmac_sha256(
		config->app_key, config->app_key_len, text, len, mac);
}

static enum stauth_rc build(const struct stauth_config *config,
	const char *claims, struct stauth_buf *jwt, struct stauth_err *err)
{
	stauth_buf_add(jwt, header);
	stauth_buf_add(jwt, ".");
	add_b64(jwt, claims, strlen(claims));
	if (!stauth_buf_ok(jwt)) {
		return stauth_fail(
			err, STAUTH_ENOMEM, "the assertion is too large");
	}
	uint8_t mac[STAUTH_SHA256_LEN];
	if (!sign(config, jwt->data, jwt->len, mac)) {
		return stauth_fail(err, STAUTH_ECRYPTO, "HMAC failed");
	}
	stauth_buf_add(jwt, ".");
	add_b64(jwt, mac, sizeof(mac));
	return stauth_buf_ok(jwt) ? STAUTH_OK
				  : stauth_fail(err, STAUTH_ENOMEM,
					    "the assertion is too large");
}

enum stauth_rc stauth_assertion_make(const struct stauth_config *config,
	const struct stauth_session *session, int64_t now_s,
	struct stauth_buf *out, struct stauth_err *err)
{
	if (config->app_key_len == 0) {
		return STAUTH_OK;
	}
	json_t *json = claims_json(config, session, now_s);
	char *claims = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (claims == NULL) {
		return stauth_fail(err, STAUTH_EBROKEN,
			"the session's identity makes no JSON");
	}
	struct stauth_buf jwt;
	stauth_buf_init(&jwt, JWT_MAX);
	enum stauth_rc rc = build(config, claims, &jwt, err);
	free(claims);
	if (rc == STAUTH_OK) {
		stauth_buf_add_len(out, jwt.data, jwt.len);
	}
	stauth_buf_finish(&jwt);
	return rc;
}

/* --- checking */

/* The three parts, within the token. */
struct parts {
	const char *header;
	size_t header_len;
	const char *claims;
	size_t claims_len;
	const char *mac;
	size_t mac_len;
};

static bool split(const char *jwt, size_t len, struct parts *parts)
{
	const char *end = jwt + len;
	const char *one = memchr(jwt, '.', len);
	const char *two =
		one != NULL ? memchr(one + 1, '.', (size_t)(end - one - 1))
			    : NULL;

	if (two == NULL ||
		memchr(two + 1, '.', (size_t)(end - two - 1)) != NULL) {
		return false;
	}
	*parts = (struct parts){
		.header = jwt,
		.header_len = (size_t)(one - jwt),
		.claims = one + 1,
		.claims_len = (size_t)(two - one - 1),
		.mac = two + 1,
		.mac_len = (size_t)(end - two - 1),
	};
	return true;
}

static bool mac_right(
	const struct stauth_config *config, const struct parts *parts)
{
	uint8_t want[STAUTH_SHA256_LEN];
	uint8_t got[STAUTH_SHA256_LEN] = {0};
	size_t got_len;
	size_t signed_len = parts->header_len + 1 + parts->claims_len;

	return sign(config, parts->header, signed_len, want) &&
	       stauth_b64url_decode(parts->mac, parts->mac_len, got,
		       sizeof(got), &got_len) &&
	       got_len == sizeof(got) &&
	       stauth_equal_ct(want, got, sizeof(want));
}

static json_t *decode(const char *part, size_t len)
{
	char *text = malloc(len + 1);
	size_t text_len;
	json_t *json = NULL;

	if (text != NULL &&
		stauth_b64url_decode(part, len, text, len, &text_len)) {
		json = json_loadb(text, text_len, JSON_REJECT_DUPLICATES, NULL);
	}
	free(text);
	return json;
}

static bool is_str(const json_t *json, const char *key, const char *want)
{
	const char *got = json_string_value(json_object_get(json, key));

	return got != NULL && strcmp(got, want) == 0;
}

static bool header_right(const json_t *json)
{
	return is_str(json, "alg", "HS256") &&
	       (json_object_get(json, "typ") == NULL ||
		       is_str(json, "typ", "JWT")) &&
	       json_object_get(json, "crit") == NULL;
}

static bool times_right(const json_t *json, int64_t now_s)
{
	const json_t *iat = json_object_get(json, "iat");
	const json_t *exp = json_object_get(json, "exp");

	return json_is_integer(iat) && json_is_integer(exp) &&
	       json_integer_value(exp) > now_s &&
	       json_integer_value(iat) <= now_s + IAT_AHEAD_S;
}

static bool handle_right(const char *sid)
{
	uint8_t raw[12];
	size_t len;

	return sid != NULL && strlen(sid) == STAUTH_HANDLE_LEN &&
	       stauth_b64url_decode(
		       sid, STAUTH_HANDLE_LEN, raw, sizeof(raw), &len);
}

static bool claims_right(
	const struct stauth_config *config, const json_t *json, int64_t now_s)
{
	const char *issuer = stauth_config_issuer(config);

	return is_str(json, "iss", issuer) && is_str(json, "aud", issuer) &&
	       times_right(json, now_s) &&
	       handle_right(json_string_value(json_object_get(json, "sid")));
}

enum stauth_rc stauth_assertion_check(const struct stauth_config *config,
	const char *jwt, int64_t now_s, char ret_handle[STAUTH_HANDLE_LEN + 1],
	struct stauth_err *err)
{
	size_t len = strlen(jwt);
	struct parts parts;

	if (config->app_key_len == 0 || len > JWT_MAX ||
		!split(jwt, len, &parts) || !mac_right(config, &parts)) {
		return stauth_fail(err, STAUTH_NOTFOUND, "no valid assertion");
	}
	json_t *head = decode(parts.header, parts.header_len);
	json_t *claims;
	claims = decode(parts.claims, parts.claims_len);
	enum stauth_rc rc = STAUTH_NOTFOUND;
	if (header_right(head) && claims_right(config, claims, now_s)) {
		memcpy(ret_handle,
			json_string_value(json_object_get(claims, "sid")),
			STAUTH_HANDLE_LEN + 1);
		rc = STAUTH_OK;
	}
	json_decref(head);
	json_decref(claims);
	return rc == STAUTH_OK ? rc
			       : stauth_fail(err, STAUTH_NOTFOUND,
					 "no valid assertion");
}
