/* SPDX-License-Identifier: MIT */
#ifndef GATE_ACCOUNT_H
#define GATE_ACCOUNT_H

#include "newpass.h"
#include "page.h"

/*
 * The session that the account pages need. false: the answer is made, to the
 * log-in page and back, or 503.
 */
bool gate_account_session(
	struct gate_page *page, struct stauth_session *ret_session);
/* The account page. new: what a change of password brought, NULL none. */
void gate_account_show(struct gate_page *page, int status,
	const struct stauth_session *session, const char *rd,
	const char *fault_current, const struct gate_newpass *new);

#endif
