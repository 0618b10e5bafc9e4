/* SPDX-License-Identifier: MIT */
#ifndef GATE_ACCOUNT_H
#define GATE_ACCOUNT_H

struct gate_newpass;
struct gate_page;

/* What became of a change. */
struct gate_account_form {
	const char *rd;
	const char *fault_current;      /* "" none */
	const struct gate_newpass *new; /* NULL none */
	const char *display_name; /* as typed and refused; NULL none was */
	const char *email;
};

/* The account page. */
void gate_account_show(struct gate_page *page, int status,
	const struct gate_account_form *form);

#endif
