/* SPDX-License-Identifier: MIT */
#ifndef GATE_ACCOUNT_H
#define GATE_ACCOUNT_H

#include "page.h"

/* What is wrong with the change of password, at which field. */
struct gate_account_faults {
	const char *current;
	const char *password;
	const char *confirm;
};

/*
 * The session that the account pages need. false: the answer is made, to the
 * log-in page and back, or 503.
 */
bool gate_account_session(
	struct gate_page *page, struct stauth_session *ret_session);
/* The account page. faults: NULL none. */
void gate_account_show(struct gate_page *page, int status,
	const struct stauth_session *session, const char *rd,
	const struct gate_account_faults *faults);

#endif
