/* SPDX-License-Identifier: MIT */
#ifndef GATE_SIGNIN_H
#define GATE_SIGNIN_H

#include <stdbool.h>

#include "auth/login.h"
#include "auth/session.h"
#include "base/secret.h"
#include "page.h"

/*
 * Tries a password (NULL: none was sent). 0 only if it is right; 401 without
 * a message; 403, 429 or 503 with one. Finish login in any case.
 */
int gate_signin_try(struct gate_page *page, const char *username,
	const struct gate_field *password, struct stauth_login *login);
/*
 * Opens the session of a log-in that was right, in place of the presented
 * one, and sets the three cookies; the session is page->session then. 0; else
 * the status, and a message.
 */
int gate_signin_open(
	struct gate_page *page, struct stauth_login *login, bool remember);
/* What a log-in or a change of the account gave the browser: its cookies, and
 * page->session. Wipes grant. */
void gate_signin_take(
	struct gate_page *page, struct stauth_session_grant *grant, char mark);
/* The message that there were too many tries, and when to come again. 429. */
int gate_signin_throttled(struct gate_page *page, int64_t wait_s);
/* The message that it cannot be answered now, and when to come again. 503. */
int gate_signin_unavailable(
	struct gate_page *page, const struct stauth_err *err);

/* A new password that a form brought, in `password` and `confirm`, and what
 * is wrong with it at which field. */
struct gate_newpass {
	struct stauth_secret secret; /* wipe it */
	const char *fault_password;  /* "" none */
	const char *fault_confirm;
	char reason[GATE_MESSAGE_SIZE];
};

/* Takes it out of the form, and finds what can be found for nothing. 0; else
 * 422, with the faults. */
int gate_newpass_take(struct gate_page *page, struct gate_newpass *ret_new);
/* The domain refuses it, with its reason. 422. */
int gate_newpass_refuse(struct gate_page *page, struct gate_newpass *new,
	const struct stauth_err *err);
/* What a form that asks for one has to show. new: NULL none was sent. */
void gate_newpass_view(struct gate_page *page, const struct gate_newpass *new);

#endif
