/* SPDX-License-Identifier: MIT */
#ifndef GATE_SIGNIN_H
#define GATE_SIGNIN_H

#include <stdbool.h>

#include "auth/login.h"
#include "http/form.h"

struct gate_page;

/*
 * Tries a password (NULL: none was sent). 0 only if it is right; 401 and
 * nothing said; 429 or 503, and the reason said. Finish login in any case.
 */
int gate_signin_try(struct gate_page *page, const char *username,
	const struct gate_field *password, struct stauth_login *login);

/*
 * Opens the session of a log-in that was right, in place of the presented
 * one, and sets the three cookies. 0; else the status, and the reason said.
 */
int gate_signin_open(struct gate_page *page, struct stauth_login *login,
	bool remember, bool *ret_must_change);

/* Says that it cannot be answered now, and when to come again. 503. */
int gate_signin_unavailable(
	struct gate_page *page, const struct stauth_err *err);

#endif
