/* SPDX-License-Identifier: MIT */
#ifndef GATE_ROUTE_H
#define GATE_ROUTE_H

#include <stdbool.h>

struct gate_page;

/* What must be configured for a route; what else happens. */
enum gate_route_needs {
	GATE_NEEDS_NOTHING,
	GATE_NEEDS_PUBLIC_URL, /* 503 */
	GATE_NEEDS_MAIL,       /* PUBLIC_URL and a transport: 503 */
	GATE_NEEDS_SIGN_UP,    /* sign-up on: 404; and mail: 503 */
};

typedef void gate_page_fn(struct gate_page *page);

struct gate_route {
	const char *path;  /* one that ends with / stands for all below it */
	gate_page_fn *get; /* NULL: 405 */
	gate_page_fn *post;
	const char *fields; /* that a POST may hold */
	bool open;          /* holds no secret: any host, also plain http */
	bool secret_url;    /* its query holds one: no Referer may tell it */
	enum gate_route_needs needs;
	/* Shows the form of a POST that was refused for its csrf. */
	gate_page_fn *again;
};

/* Answers the request of the page. */
void gate_route(struct gate_page *page);

struct stauth_config;
/* What a link may lead to: is this configured? */
bool gate_route_ready(
	const struct stauth_config *config, enum gate_route_needs needs);

/* The families, one file each. */
gate_page_fn gate_login_get, gate_login_post, gate_login_again;
gate_page_fn gate_logout_get, gate_logout_post, gate_logout_again;
gate_page_fn gate_account_get, gate_account_again;
gate_page_fn gate_password_post;
gate_page_fn gate_sessions_end, gate_sessions_end_others;
gate_page_fn gate_status_get, gate_health_get, gate_static_get;
gate_page_fn gate_account_redirect;
gate_page_fn gate_signup_get, gate_signup_post, gate_signup_again;
gate_page_fn gate_verify_get, gate_verify_post, gate_verify_again;
gate_page_fn gate_resend_post;
gate_page_fn gate_forgot_get, gate_forgot_post, gate_forgot_again;
gate_page_fn gate_reset_get, gate_reset_post, gate_reset_again;

#endif
