/* SPDX-License-Identifier: MIT */
/* The owner ends sessions of his own: one, or all but this. */
#include <string.h>

#include "account.h"
#include "route.h"
#include "text.h"

#include "base/banned.h"

/* A session that is only good for changing the password ends nothing. */
static bool full_session(
	struct gate_page *page, struct stauth_session *ret_session)
{
	if (!gate_account_session(page, ret_session)) {
		return false;
	}
	if (ret_session->must_change) {
		gate_page_message(
			page, STAUTH_WARNING, STAUTH_TEXT_MUST_CHANGE);
		gate_page_redirect(page, "/auth/account");
		return false;
	}
	return true;
}

static void told(struct gate_page *page, enum stauth_message_type type,
	const char *text, const char *location)
{
	page->message_count = 0;
	gate_page_message(page, type, "%s", text);
	gate_page_redirect(page, location);
}

void gate_sessions_end(struct gate_page *page)
{
	struct stauth_session session;
	const char *handle = gate_form_value(&page->request->form, "session");
	if (!full_session(page, &session)) {
		return;
	}
	struct stauth_actor actor = gate_page_actor(page);
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_session_revoke(
		page->ctx, handle, session.uid, &actor, &err);
	if (rc < 0) {
		gate_page_unavailable(page, &err);
	} else if (rc != STAUTH_OK) {
		told(page, STAUTH_INFO, STAUTH_TEXT_SESSION_NOT_FOUND,
			"/auth/account?done=gone");
	} else if (strcmp(handle, session.handle) == 0) {
		gate_page_set_cookie(page, GATE_COOKIE_SESSION, "", 0);
		if (gate_page_renew_pre(page, GATE_PRE_PLAIN)) {
			told(page, STAUTH_SUCCESS, GATE_TEXT_SIGNED_OUT,
				"/auth/login?out=1");
		}
	} else {
		told(page, STAUTH_SUCCESS, STAUTH_TEXT_SESSION_ENDED,
			"/auth/account?done=ended");
	}
}

void gate_sessions_end_others(struct gate_page *page)
{
	struct stauth_session session;
	if (!full_session(page, &session)) {
		return;
	}
	struct stauth_actor actor = gate_page_actor(page);
	struct stauth_err err = {0};
	int ended = 0;
	if (stauth_session_revoke_all(page->ctx, session.uid, session.handle,
		    &actor, &ended, &err) < 0) {
		gate_page_unavailable(page, &err);
	} else {
		told(page, STAUTH_SUCCESS, GATE_TEXT_SESSIONS_ENDED,
			"/auth/account?done=others");
	}
}
