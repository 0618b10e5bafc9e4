/* SPDX-License-Identifier: MIT */
/*
 * A search among many accounts, a page at a time:
 *
 * 1. First come the names that begin with the text, then the other addresses
 *    that do: both have an index. Then all whose name, address or display name
 *    holds the text somewhere, of SCAN_MAX accounts a page.
 * 2. No account comes twice.
 */
#include "admin_search.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/account.h"

#include "base/banned.h"

/* What a page with 10^6 accounts may cost more than one with 10^3. */
#define SCAN_MAX 2000

/* In this order; the first letter of where a page ended says which it was. */
#define NAMES 'n'
#define MAILS 'e'
#define PARTS 'p'

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

/* Reads on behind `after`. ret_end: nothing is left of this step. */
static enum stauth_rc run_step(struct gate_page *page,
	struct gate_search *search, char step, char after[STAUTH_NAME_SIZE],
	struct stauth_err *err)
{
	struct stauth_account *rows = search->rows + search->count;
	struct stauth_account last = {0};
	const struct stauth_account_page asked = {
		.search = step == PARTS ? search->text : NULL,
		.prefix = step == PARTS ? NULL : search->text,
		.order = step == MAILS ? STAUTH_BY_EMAIL : STAUTH_BY_NAME,
		.after = after,
		.limit = search->limit - search->count,
		.scan_max = step == NAMES ? 0 : SCAN_MAX,
		.ret_last = &last,
	};
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
	snprintf(after, STAUTH_NAME_SIZE, "%s",
		last.uid == 0   ? ""
		: step == MAILS ? last.email
				: last.name);
	return STAUTH_OK;
}

enum stauth_rc gate_search(struct gate_page *page, struct gate_search *search,
	struct stauth_err *err)
{
	static const char steps[] = {NAMES, MAILS, PARTS};
	bool given = search->at[0] != '\0' && search->at[1] == ':';
	char after[STAUTH_NAME_SIZE];
	snprintf(after, sizeof(after), "%s", given ? search->at + 2 : "");
	for (size_t i = 0; i < sizeof(steps); i++) {
		if (given && steps[i] != search->at[0]) {
			continue;
		}
		given = false;
		enum stauth_rc rc =
			run_step(page, search, steps[i], after, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		if (after[0] != '\0') {
			/* The page is full, or as much was read as may be. */
			snprintf(search->next, sizeof(search->next), "%c:%s",
				steps[i], after);
			break;
		}
		if (search->count == search->limit && steps[i] != PARTS) {
			snprintf(search->next, sizeof(search->next),
				"%c:", steps[i + 1]);
			break;
		}
	}
	if (search->next[0] == PARTS && search->count < search->limit) {
		snprintf(search->reached, sizeof(search->reached), "%s", after);
	}
	return STAUTH_OK;
}
