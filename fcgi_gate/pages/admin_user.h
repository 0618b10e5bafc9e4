/* SPDX-License-Identifier: MIT */
#ifndef GATE_ADMIN_USER_H
#define GATE_ADMIN_USER_H

#include "page.h"
#include "store/records.h"

/* What the form of an account holds. */
struct gate_user_form {
	const char *email;
	const char *display_name;
	const char *groups;
	bool su;
};

/* The page of one account. form: NULL, or what was typed and refused. */
void gate_admin_user_show(struct gate_page *page, int status,
	const struct stauth_account *account,
	const struct gate_user_form *form);
/* A link or password, shown this once. */
void gate_admin_user_once(struct gate_page *page,
	const struct stauth_account *account, const char *link,
	const char *password);
/* Makes a link (mails it, or shows it once) or a password for this account,
 * as the form's field access says; the answer is made. */
void gate_admin_give_access(
	struct gate_page *page, const struct stauth_account *account);

#endif
