/* SPDX-License-Identifier: MIT */
#ifndef GATE_CSRF_H
#define GATE_CSRF_H

#include <stdbool.h>
#include <stdint.h>

#include "config/keyfile.h"
#include "page.h"

/* The token for the forms of the browser with this pre-cookie. false: the
 * crypto library failed, and ret_token is "". */
bool gate_csrf_make(const struct stauth_keys *keys, const char *pre,
	int64_t now_s, char ret_token[GATE_CSRF_SIZE]);
/* Was it made for this pre-cookie, in this hour or one of the two before? */
bool gate_csrf_valid(const struct stauth_keys *keys, const char *pre,
	int64_t now_s, const char *token);

/*
 * Readies page->csrf for a form, and sets the pre-cookie where the browser
 * has none. false: it could not, and the answer is made (503).
 */
bool gate_page_form(struct gate_page *page);
/* Does the form of this POST bring the browser's token? NOTFOUND: no. */
enum stauth_rc gate_page_form_check(
	struct gate_page *page, struct stauth_err *err);
/* A new pre-cookie, into page->pre alone; false as above. */
bool gate_page_make_pre(struct gate_page *page);
/* The same, and to the browser. mark: GATE_PRE_PLAIN, or what made it. */
bool gate_page_renew_pre(struct gate_page *page, char mark);
/* Of a token that was made before. */
void gate_page_set_pre(struct gate_page *page, const char *token, char mark);

#endif
