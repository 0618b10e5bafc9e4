/* SPDX-License-Identifier: MIT */
#ifndef GATE_SIGNUP_H
#define GATE_SIGNUP_H

#include "auth/signup.h"
#include "base/random.h"

struct gate_page;

/* A browser as sign-up knows it: by the token of a pre-cookie. */
struct gate_signup_browser {
	char flow[STAUTH_TOKEN_LEN + 1]; /* "" there is none */
	struct stauth_signup_who who;    /* borrows flow and page */
};

/* pre: the cookie that it brought, or the one that it gets. */
void gate_signup_browser(const struct gate_page *page, const char *pre,
	struct gate_signup_browser *ret_browser);

/* The first form again, with a reason: nothing is waited for any more. 422. */
void gate_signup_restart(struct gate_page *page, const char *reason);
/* The invitation is no longer valid. 422. */
void gate_signup_uninvited(struct gate_page *page);

#endif
