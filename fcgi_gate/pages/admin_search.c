/* SPDX-License-Identifier: MIT */
/*
 * A search among many accounts, a page at a time:
 *
 * 1. First come the names that begin with the text, then the other addresses
 *    that do: both have an index. Then all whose name, address or display name
 *    holds the text somewhere, of SCAN_MAX accounts a page, in the order in
 *    which they were made, which is that of the table.
 * 2. No account comes twice.
 */
#include "admin_search.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/account.h"
#include "base/codec.h"

#include "base/banned.h"

/* What a page with 10^6 accounts may cost more than one with 10^3. */
#define SCAN_MAX 1000

/* In this order; the first letter of where a page ended says which it was. */
#define NAMES 'n'
#define MAILS 'e'
#define PARTS 'p'

void gate_account_key(enum stauth_account_order order,
	const struct stauth_account *account, char ret_key[GATE_PLACE_SIZE])
{
	if (order == STAUTH_BY_NAME || order == STAUTH_BY_EMAIL) {
		snprintf(ret_key, GATE_PLACE_SIZE, "%s",
			order == STAUTH_BY_NAME ? account->name
						: account->email);
		return;
	}
	int64_t at = order == STAUTH_BY_CREATED ? account->created_at
						: account->last_login_at;
	snprintf(ret_key, GATE_PLACE_SIZE, "%lld.%lld", (long long)at,
		(long long)account->uid);
}

void gate_account_key_read(const char *key, struct stauth_account_page *page)
{
	const char *dot = strchr(key, '.');
	page->after = key;
	char at[24];
	if (page->order == STAUTH_BY_NAME || page->order == STAUTH_BY_EMAIL ||
		dot == NULL || (size_t)(dot - key) >= sizeof(at)) {
		return;
	}
	snprintf(at, sizeof(at), "%.*s", (int)(dot - key), key);
	if (!stauth_parse_int(at, 0, INT64_MAX, &page->after_at) ||
		!stauth_parse_int(dot + 1, 1, INT64_MAX, &page->after_uid)) {
		page->after_at = 0;
		page->after_uid = 0;
	}
}

static bool begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

/* Was it found by an earlier step? */
static bool seen_before(const struct gate_search *search, char step,
	const struct stauth_account *account)
{
	return (step != NAMES && begins(account->name, search->text)) ||
	       (step == PARTS && begins(account->email, search->text));
}

/* Reads on behind the place where the step was, and sets that; "" is the
 * beginning, and the end. */
static enum stauth_rc run_step(struct gate_page *page,
	struct gate_search *search, char step, char place[GATE_PLACE_SIZE],
	struct stauth_err *err)
{
	static const enum stauth_account_order orders[] = {
		['n'] = STAUTH_BY_NAME,
		['e'] = STAUTH_BY_EMAIL,
		['p'] = STAUTH_BY_CREATED,
	};
	struct stauth_account *rows = search->rows + search->count;
	struct stauth_account last = {0};
	struct stauth_account_page asked = {
		.search = step == PARTS ? search->text : NULL,
		.prefix = step == PARTS ? NULL : search->text,
		.order = orders[(unsigned char)step],
		.limit = search->limit - search->count,
		.scan_max = SCAN_MAX,
		.ret_last = &last,
	};
	gate_account_key_read(place, &asked);
	size_t found = 0;
	enum stauth_rc rc =
		stauth_account_list(page->ctx, &asked, rows, &found, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	for (size_t i = 0; i < found; i++) {
		if (!seen_before(search, step, &rows[i])) {
			search->rows[search->count++] = rows[i];
		}
	}
	place[0] = '\0';
	if (last.uid != 0) {
		gate_account_key(asked.order, &last, place);
	}
	return STAUTH_OK;
}

enum stauth_rc gate_search(struct gate_page *page, struct gate_search *search,
	struct stauth_err *err)
{
	static const char steps[] = {NAMES, MAILS, PARTS};
	bool given = search->at[0] != '\0' && search->at[1] == ':';
	char place[GATE_PLACE_SIZE];
	snprintf(place, sizeof(place), "%s", given ? search->at + 2 : "");
	for (size_t i = 0; i < sizeof(steps); i++) {
		if (given && steps[i] != search->at[0]) {
			continue;
		}
		given = false;
		enum stauth_rc rc =
			run_step(page, search, steps[i], place, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		if (place[0] != '\0') {
			/* The page is full, or as much was read as may be. */
			snprintf(search->next, sizeof(search->next), "%c:%s",
				steps[i], place);
			break;
		}
		if (search->count == search->limit && steps[i] != PARTS) {
			snprintf(search->next, sizeof(search->next),
				"%c:", steps[i + 1]);
			break;
		}
	}
	search->partial =
		search->next[0] == PARTS && search->count < search->limit;
	return STAUTH_OK;
}
