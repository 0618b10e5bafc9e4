/* SPDX-License-Identifier: MIT */
#ifndef GATE_NEWPASS_H
#define GATE_NEWPASS_H

#include "base/secret.h"
#include "page.h"

/* A new password that a form brought, in `password` and `confirm`, and what
 * is wrong with it at which field. */
struct gate_newpass {
	struct stauth_secret secret; /* wipe it */
	const char *fault_password;  /* "" none */
	const char *fault_confirm;
	char reason[GATE_MESSAGE_SIZE];
};

/* Takes it out of the form. 0; else 422, and the reason is said. */
int gate_newpass_take(struct gate_page *page, struct gate_newpass *ret_new);
/* The domain's no, with its reason: says it, 422. */
int gate_newpass_refuse(struct gate_page *page, struct gate_newpass *new,
	const struct stauth_err *err);
/* What a form that asks for one has to show. new: NULL none was sent. */
void gate_newpass_view(struct gate_page *page, const struct gate_newpass *new);

#endif
