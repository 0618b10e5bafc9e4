/* SPDX-License-Identifier: MIT */
/*
 * /auth/error/403|413|502: what nginx shows where an app cannot be reached.
 *
 * 1. They MUST answer the status that they are named after: nginx passes the
 *    answer on as it is.
 * 2. They MUST change nothing, and set no cookie: the address is the app's.
 * 3. What an area requires comes from nginx alone, as STAUTH_REQUIRE.
 */
#include <string.h>

#include "route.h"
#include "show.h"
#include "text.h"

#include "base/banned.h"

#define REQUIRED_MAX 512

/* One requirement in words. */
static void add_requirement(
	struct stauth_buf *out, const char *word, size_t len)
{
	static const char group[] = "group:";
	const size_t prefix = sizeof(group) - 1;
	stauth_buf_add(out, out->len > 0 ? ", " : "");
	if (len == 2 && memcmp(word, "su", len) == 0) {
		stauth_buf_add(out, GATE_TEXT_REQUIRES_SU);
	} else if (len > prefix && memcmp(word, group, prefix) == 0) {
		stauth_buf_add(out, GATE_TEXT_REQUIRES_GROUP);
		stauth_buf_add_len(out, word + prefix, len - prefix);
	} else {
		stauth_buf_add_len(out, word, len);
	}
}

static void add_requirements(struct stauth_buf *out, const char *words)
{
	while (*words != '\0') {
		size_t len = strcspn(words, " ");
		if (len > 0) {
			add_requirement(out, words, len);
		}
		words += len;
		words += strspn(words, " ");
	}
}

void gate_page_forbidden(struct gate_page *page, const char *required)
{
	gate_view_set(
		&page->view, "user", page->signed_in ? page->session.user : "");
	gate_view_set(&page->view, "required", required);
	gate_page_message(page, STAUTH_ERROR, GATE_TEXT_AREA_FORBIDDEN);
	gate_page_show(page, 403, "forbidden", GATE_TITLE_FORBIDDEN);
}

static void show_forbidden(struct gate_page *page)
{
	struct stauth_buf required;
	stauth_buf_init(&required, REQUIRED_MAX);
	add_requirements(&required, page->request->require);
	struct stauth_err err = {0};
	/* Without the store the page is of use, too. */
	(void)gate_page_session(page, &err);
	gate_page_forbidden(page, stauth_buf_str(&required));
	stauth_buf_finish(&required);
}

void gate_error_get(struct gate_page *page)
{
	if (strcmp(page->route, "/auth/error/403") == 0) {
		show_forbidden(page);
	} else if (strcmp(page->route, "/auth/error/413") == 0) {
		gate_page_message(page, STAUTH_ERROR, GATE_TEXT_UPLOAD_LARGE);
		gate_page_show(page, 413, "error", GATE_TITLE_UPLOAD_LARGE);
	} else {
		/* The browser loads the app's own address again. */
		page->refresh = "5";
		gate_page_message(page, STAUTH_WARNING, GATE_TEXT_APP_AWAY);
		gate_page_show(page, 502, "error", GATE_TITLE_APP_AWAY);
	}
}
