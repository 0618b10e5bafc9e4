/* SPDX-License-Identifier: MIT */
#ifndef GATE_ADMIN_SEARCH_H
#define GATE_ADMIN_SEARCH_H

#include "page.h"
#include "store/records.h"

#define GATE_SEARCH_SIZE 128

/* One page of what a search finds. */
struct gate_search {
	const char *text;
	const char *at; /* where the page before ended; "" from the start */
	struct stauth_account *rows; /* room for limit and one more */
	size_t limit;
	/* found out */
	size_t count;
	char next[STAUTH_NAME_SIZE + 24]; /* "" this is all */
	/* Up to which name parts of texts were looked for; "" everywhere. */
	char reached[STAUTH_NAME_SIZE];
};

enum stauth_rc gate_search(struct gate_page *page, struct gate_search *search,
	struct stauth_err *err);

#endif
