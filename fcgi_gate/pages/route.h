/* SPDX-License-Identifier: MIT */
#ifndef GATE_ROUTE_H
#define GATE_ROUTE_H

#include <stdbool.h>

struct gate_page;

typedef void gate_page_fn(struct gate_page *page);

struct gate_route {
	const char *path;  /* one that ends with / stands for all below it */
	gate_page_fn *get; /* NULL: 405 */
	gate_page_fn *post;
	const char *fields; /* that a POST may hold */
	bool open;          /* holds no secret: any host, also plain http */
	/* Shows the form of a POST that was refused for its csrf. */
	gate_page_fn *again;
};

/* Answers the request of the page. */
void gate_route(struct gate_page *page);

/* The families, one file each. */
gate_page_fn gate_login_get, gate_login_post, gate_login_again;
gate_page_fn gate_logout_get, gate_logout_post, gate_logout_again;
gate_page_fn gate_account_get, gate_account_again;
gate_page_fn gate_password_post;
gate_page_fn gate_sessions_end, gate_sessions_end_others;
gate_page_fn gate_status_get, gate_health_get, gate_static_get;
gate_page_fn gate_to_account;

#endif
