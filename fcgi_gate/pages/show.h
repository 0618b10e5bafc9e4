/* SPDX-License-Identifier: MIT */
#ifndef GATE_SHOW_H
#define GATE_SHOW_H

#include "page.h"

/* Answers with a page (templates/NAME.html in the layout), or with its
 * message for who wants JSON. */
void gate_page_show(struct gate_page *page, int status, const char *name,
	const char *title);
/* What ?done=NAME says: after a change the browser comes back by a GET, so that
 * a reload repeats nothing. */
struct gate_note {
	const char *name;
	enum stauth_message_type type;
	const char *text;
};
void gate_page_note(
	struct gate_page *page, const struct gate_note *notes, size_t count);
/* Answers 303, or 200 with "next" for a script, which cannot see a 303. */
void gate_page_redirect(struct gate_page *page, const char *location);
/* The same to path?rd=..., or to path alone where rd is "/". */
void gate_page_redirect_with_rd(
	struct gate_page *page, const char *path, const char *rd);
/* Answers with the plain error page of this status. */
void gate_page_error(struct gate_page *page, int status);
/* Answers 403: who is there, what the page requires ("" not told), the way
 * back and to another log-in. */
void gate_page_forbidden(struct gate_page *page, const char *required);
/* The pages' own files. */
void gate_static_get(struct gate_page *page);
/* Answers 503 for a question that could not be answered; logs why. */
void gate_page_unavailable(
	struct gate_page *page, const struct stauth_err *err);

#endif
