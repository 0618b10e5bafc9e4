/* SPDX-License-Identifier: MIT */
#ifndef GATE_ADMIN_H
#define GATE_ADMIN_H

#include "base/buf.h"
#include "page.h"
#include "store/records.h"

/* What the pages of the administration share. */

#define GATE_ADMIN_ROWS     25 /* of one page of a list */
#define GATE_ADMIN_URL_SIZE 2048

/* Answers with a page in the frame of the administration: its navigation, and
 * what ?done= says. */
void gate_admin_show(struct gate_page *page, int status, const char *name,
	const char *title);
/* After a change: back to path, with ?done=NAME. */
void gate_admin_done(
	struct gate_page *page, const char *path, const char *done);
/* The superuser who is signed in, for the audit. Borrowed from page. */
struct stauth_actor gate_admin_actor(const struct gate_page *page);
/* The status of a domain call that said no (its message is the page's); 0:
 * none, it is unavailable, and the answer is made. */
int gate_admin_status(struct gate_page *page, const struct stauth_err *err);

/* May this superuser change this account here? false: with a message why. */
bool gate_admin_may(
	struct gate_page *page, const struct stauth_account *account);
/* Reads the account that the form or the query names. false: the answer is
 * made (404, 503). */
bool gate_admin_account(struct gate_page *page, const char *name,
	struct stauth_account *ret_account);

/* A link with a query, part by part; a value that is "" is left out. */
struct gate_link {
	struct stauth_buf url;
};
void gate_link_start(struct gate_link *link, const char *path);
void gate_link_add(struct gate_link *link, const char *name, const char *value);
/* The link; "" if it is too long. */
const char *gate_link_str(const struct gate_link *link);
void gate_link_finish(struct gate_link *link);

/* "2026-11-30 21:05" of an instant, and as a <time> has it. "" never. */
struct gate_when {
	char shown[24];
	char iso[24];
};
void gate_when_set(struct gate_when *when, int64_t at_s);

#endif
