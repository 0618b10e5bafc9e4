/* SPDX-License-Identifier: MIT */
/*
 * For programs: /auth/status, who is this? And /auth/health, does the store
 * answer a read?
 *
 * 1. A cookie of our name, whatever it holds, MUST win over an assertion.
 * 2. An assertion MUST be valid, and the session that it names MUST still
 *    stand in the store.
 * 3. A session that is only good for changing the password is none.
 * 4. Asking counts as no use of the session.
 */
#include <string.h>

#include "auth/assertion.h"
#include "log.h"
#include "route.h"
#include "show.h"

#include "base/banned.h"

#define HEALTH_RETRY_S 5

static enum stauth_rc by_assertion(
	struct gate_page *page, struct stauth_err *err)
{
	const char *jwt = page->request->assertion;
	if (jwt[0] == '\0') {
		return STAUTH_NOTFOUND;
	}
	char handle[STAUTH_HANDLE_LEN + 1];
	enum stauth_rc rc = stauth_assertion_check(
		page->config, jwt, page->now_s, handle, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return stauth_session_by_handle(page->ctx, handle, &page->session, err);
}

static void add_groups(struct stauth_buf *body, const char *groups)
{
	char name[STAUTH_GROUP_MAX + 1];
	const char *comma = "";
	while (*groups != '\0') {
		size_t len = strcspn(groups, ",");
		if (len > 0 && len < sizeof(name)) {
			memcpy(name, groups, len);
			name[len] = '\0';
			stauth_buf_add(body, comma);
			stauth_buf_add_json(body, name);
			comma = ",";
		}
		groups += len;
		groups += *groups == ',' ? 1 : 0;
	}
}

static void add_session(
	struct gate_page *page, const struct stauth_session *session)
{
	struct stauth_buf *body = &page->response.body;
	stauth_buf_add(body, "{\"authenticated\":true,\"user\":");
	stauth_buf_add_json(body, session->user);
	stauth_buf_add(body, ",\"email\":");
	stauth_buf_add_json(body, session->email);
	stauth_buf_add(body, ",\"name\":");
	stauth_buf_add_json(body, session->display_name);
	stauth_buf_add(body, ",\"groups\":[");
	add_groups(body, session->groups);
	stauth_buf_add(body, "],\"session\":");
	stauth_buf_add_json(body, session->handle);
	stauth_buf_addf(body, ",\"confirmed_at\":%lld,\"expires_at\":%lld}",
		(long long)session->confirmed_at,
		(long long)session->expires_at);
	page->response.status = 200;
}

void gate_status_get(struct gate_page *page)
{
	struct stauth_err err = {0};
	enum stauth_rc rc = page->cookies.session_sent
				    ? gate_page_session(page, &err)
				    : by_assertion(page, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
		return;
	}
	page->response.content_type = "application/json";
	if (rc == STAUTH_OK && !page->session.must_change) {
		add_session(page, &page->session);
	} else {
		page->response.status = 401;
		stauth_buf_add(
			&page->response.body, "{\"authenticated\":false}");
	}
}

void gate_health_get(struct gate_page *page)
{
	/* Well formed, so that the store is asked, and nobody's. */
	static const char handle[] = "----------------";
	struct stauth_session session;
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_session_by_handle(page->ctx, handle, &session, &err);
	page->response.content_type = "text/plain; charset=utf-8";
	if (rc < 0) {
		gate_log("pages: health: %s: %s", stauth_rc_name(rc), err.msg);
		page->response.status = 503;
		gate_page_retry_after(page, HEALTH_RETRY_S);
		stauth_buf_add(&page->response.body, "unavailable");
	} else {
		page->response.status = 200;
		stauth_buf_add(&page->response.body, "ok");
	}
}
