/* SPDX-License-Identifier: MIT */
/*
 * The answer to a check, one prebuilt string.
 *
 *  1. It MUST begin with "Status: " and be 204, 401, 403 or 503. No body, no
 *     cookie, no Location.
 *  2. The preset MUST be a fault. An identity is written in one place, for
 *     ALLOW alone; in an optional location a denial is 204 without one.
 *  3. What stands in a header MUST be re-checked here, whatever the store
 *     handed out: a line break in it would be a header of somebody's own.
 */
#include "check/reply.h"

#include <string.h>

#include "base/ascii.h"
#include "check/decide.h"
#include "check/redirect.h"
#include "http/return_url.h"

#include "base/banned.h"

#define NAME_PLAIN_MAX 64 /* bytes of a name that is no e-mail address */

static const char status_allow[] = "Status: 204 No Content\r\n";
static const char status_deny[] = "Status: 401 Unauthorized\r\n";
static const char status_forbidden[] = "Status: 403 Forbidden\r\n";
static const char status_fault[] = "Status: 503 Service Unavailable\r\n\r\n";

static bool is_one_of(char c, const char *others)
{
	return stauth_is_lower(c) || stauth_is_digit(c) ||
	       (c != '\0' && strchr(others, c) != NULL);
}

static bool is_only(const char *value, const char *others)
{
	while (is_one_of(*value, others)) {
		value++;
	}
	return *value == '\0';
}

/* CONTRACT 6, in its canonical form. */
static bool is_user_name(const char *name)
{
	size_t len = strlen(name);
	if (!is_one_of(name[0], "") || !is_only(name, "._-+'@")) {
		return false;
	}
	return len <= NAME_PLAIN_MAX ||
	       (len < STAUTH_NAME_SIZE && strchr(name, '@') != NULL);
}

static bool is_fit_to_emit(const struct stauth_session *session)
{
	return is_user_name(session->user) &&
	       is_only(session->groups, STAUTH_UPPER "._-,") &&
	       strlen(session->handle) == STAUTH_HANDLE_LEN &&
	       is_only(session->handle, STAUTH_UPPER "-_");
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '%';
}

static void add_percent_encoded(const char *value, struct stauth_buf *out)
{
	while (*value != '\0') {
		size_t run = 0;
		while (is_plain((unsigned char)value[run])) {
			run++;
		}
		stauth_buf_add_len(out, value, run);
		value += run;
		if (*value != '\0') {
			stauth_buf_add_percent(out, (unsigned char)*value++);
		}
	}
}

static void add_identity(const struct stauth_session *session,
	const char *assertion, struct stauth_buf *out)
{
	stauth_buf_add(out, "X-Auth-User: ");
	stauth_buf_add(out, session->user);
	stauth_buf_add(out, "\r\nX-Auth-Email: ");
	add_percent_encoded(session->email, out);
	stauth_buf_add(out, "\r\nX-Auth-Name: ");
	add_percent_encoded(session->display_name, out);
	stauth_buf_add(out, "\r\nX-Auth-Groups: ");
	stauth_buf_add(out, session->groups);
	stauth_buf_add(out, "\r\nX-Auth-Session: ");
	stauth_buf_add(out, session->handle);
	if (*assertion != '\0') {
		stauth_buf_add(out, "\r\nX-Auth-Assertion: ");
		stauth_buf_add(out, assertion);
	}
	stauth_buf_add(out, "\r\n\r\n");
}

/* The end of an answer without identity: where a person goes from here. */
static void add_redirect(const struct gate_check_params *params,
	const char *page, struct stauth_buf *out)
{
	if (!params->repeated && gate_is_navigation(params)) {
		stauth_buf_add(out, "X-Auth-Redirect: ");
		gate_return_url_add(out, page, params->uri);
		stauth_buf_add(out, "\r\n");
	}
	stauth_buf_add(out, "\r\n");
}

static void deny(const struct gate_check_params *params, struct stauth_buf *out)
{
	if (gate_is_optional(params)) {
		stauth_buf_add(out, status_allow);
		stauth_buf_add(out, "X-Auth-Logged-In: \r\n\r\n");
		return;
	}
	stauth_buf_add(out, status_deny);
	add_redirect(params, "/auth/login", out);
}

static void allow(const struct gate_check_params *params,
	const struct stauth_session *session, const char *assertion,
	struct stauth_buf *out)
{
	stauth_buf_add_len(out, status_allow, sizeof(status_allow) - 1);
	if (gate_is_optional(params)) {
		stauth_buf_add(out, "X-Auth-Logged-In: 1\r\n");
	}
	add_identity(session, assertion, out);
}

void gate_reply_build(enum stauth_verdict verdict,
	const struct gate_check_params *params,
	const struct stauth_session *session, const char *assertion,
	struct stauth_buf *out)
{
	stauth_buf_reset(out);
	if (verdict == STAUTH_DENY) {
		deny(params, out);
	} else if (verdict == STAUTH_FORBIDDEN) {
		stauth_buf_add(out, status_forbidden);
		stauth_buf_add(out, "\r\n");
	} else if (verdict == STAUTH_NEED_FACTOR) {
		stauth_buf_add(out, status_forbidden);
		add_redirect(params, "/auth/confirm", out);
	} else if (verdict == STAUTH_ALLOW && is_fit_to_emit(session)) {
		allow(params, session, assertion, out);
	}
	/* Nothing yet, or half of it: a fault. */
	if (!stauth_buf_ok(out) || out->len == 0) {
		stauth_buf_reset(out);
		stauth_buf_add(out, status_fault);
	}
}
