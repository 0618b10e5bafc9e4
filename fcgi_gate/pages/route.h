/* SPDX-License-Identifier: MIT */
#ifndef GATE_ROUTE_H
#define GATE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"

struct stauth_session;

/* Answers the request of the page. */
void gate_route(struct gate_page *page);

typedef void gate_page_fn(struct gate_page *page);

/* Whom a route serves. The check is made once, before its handler runs. */
enum gate_session_need {
	GATE_SESSION_NONE = 0, /* anybody; the handler may look */
	GATE_SESSION_ANY,      /* also one that must change its password */
	GATE_SESSION_FULL,
	GATE_SESSION_SUPERUSER,
};

/* What a session (NULL: there is none) lacks for that. */
enum gate_session_lack {
	GATE_LACKS_SESSION = 0,
	GATE_LACKS_PASSWORD_CHANGE,
	GATE_LACKS_SUPERUSER,
	GATE_LACKS_NOTHING,
};
enum gate_session_lack gate_session_lack(
	enum gate_session_need need, const struct stauth_session *session);

struct gate_route {
	const char *path;  /* one that ends with / stands for all below it */
	gate_page_fn *get; /* NULL: 405 */
	gate_page_fn *post;
	/* Shows the form of a POST that was refused for its token. */
	gate_page_fn *again;
	const char *fields; /* that a POST may hold */
	enum gate_session_need session;
	bool fresh; /* and the password was shown lately */
	enum gate_needs needs;
	bool open;       /* holds no secret: any host, also plain http */
	bool secret_url; /* its query holds one: no Referer may tell it */
};

/* NULL: there is no such page. */
const struct gate_route *gate_route_find(const char *path);
/* The ith; NULL behind the last. */
const struct gate_route *gate_route_at(size_t i);

/* The handlers, one file a family. */
gate_page_fn gate_name_post, gate_email_get, gate_email_post, gate_email_verify;
gate_page_fn gate_login_get, gate_login_post, gate_login_again;
gate_page_fn gate_logout_get, gate_logout_post, gate_logout_again;
gate_page_fn gate_account_get, gate_account_again, gate_account_redirect;
gate_page_fn gate_password_post;
gate_page_fn gate_sessions_end, gate_sessions_end_others;
gate_page_fn gate_status_get, gate_health_get;
gate_page_fn gate_signup_get, gate_signup_post, gate_signup_again;
gate_page_fn gate_verify_get, gate_verify_post, gate_verify_again;
gate_page_fn gate_resend_post;
gate_page_fn gate_forgot_get, gate_forgot_post, gate_forgot_again;
gate_page_fn gate_reset_get, gate_reset_post, gate_reset_again;
gate_page_fn gate_error_get;
gate_page_fn gate_confirm_get, gate_confirm_post, gate_confirm_again;
gate_page_fn gate_admin_audit_get, gate_admin_pending_approve,
	gate_admin_invites_get, gate_admin_invites_add,
	gate_admin_invites_revoke, gate_admin_live_get, gate_admin_csv_get,
	gate_admin_new_get, gate_admin_new_post, gate_admin_pending_delete,
	gate_admin_pending_get, gate_admin_several_post,
	gate_admin_throttle_clear, gate_admin_throttle_get,
	gate_admin_user_access, gate_admin_user_delete, gate_admin_user_get,
	gate_admin_user_session, gate_admin_user_set, gate_admin_user_state,
	gate_admin_users_get;
/* Shows the form that came, to be sent once more with a new token. */
gate_page_fn gate_repeat;

/* Asks for the password where a form came that needs a fresh proof; the form
 * goes on with it. false: the answer is made. */
bool gate_confirm_here(struct gate_page *page);

#endif
