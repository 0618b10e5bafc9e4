/* SPDX-License-Identifier: MIT */
#ifndef GATE_ADMIN_SEARCH_H
#define GATE_ADMIN_SEARCH_H

#include "page.h"
#include "store/records.h"

#define GATE_SEARCH_SIZE 128

/* The place of a row in an order, as text: its name or address, or its instant
 * and uid; and behind it a page begins. */
#define GATE_PLACE_SIZE (STAUTH_NAME_SIZE + 24)
void gate_account_key(enum stauth_account_order order,
	const struct stauth_account *account, char ret_key[GATE_PLACE_SIZE]);
void gate_account_key_read(const char *key, struct stauth_account_page *page);

/* One page of what a search finds. */
struct gate_search {
	const char *text;
	const char *at; /* where the page before ended; "" from the start */
	struct stauth_account *rows; /* room for limit and one more */
	size_t limit;
	/* found out */
	size_t count;
	char next[GATE_PLACE_SIZE + 2]; /* "" this is all */
	bool partial; /* parts of texts were not looked for everywhere yet */
};

enum stauth_rc gate_search(struct gate_page *page, struct gate_search *search,
	struct stauth_err *err);

#endif
