/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <stdbool.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "base/ascii.h"
#include "text.h"

#include "base/banned.h"

#define SHOWN_MAX  64 /* bytes of a text from outside */
#define SHOWN_SIZE (SHOWN_MAX * 4 + 1)
#define DETAIL_MAX 200

/* What is no answer to the question. */
#define NONE         PAM_AUTHINFO_UNAVAIL
#define NONE_SESSION PAM_SESSION_ERR

static const struct row {
	const char *reason; /* in the log */
	int auth;
	int account;
	int change;
	int session;
} rows[PAMST_ANSWER_END] = {
	[PAMST_NONE] = {"no-answer", NONE, NONE, NONE, NONE_SESSION},
	[PAMST_WRONG] = {"wrong", PAM_AUTH_ERR, NONE, PAM_AUTH_ERR,
		NONE_SESSION},
	[PAMST_UNKNOWN_USER] = {"unknown-user", PAM_USER_UNKNOWN,
		PAM_USER_UNKNOWN, PAM_USER_UNKNOWN, PAM_SUCCESS},
	[PAMST_THROTTLED] = {"throttled", PAM_MAXTRIES, NONE, PAM_MAXTRIES,
		NONE_SESSION},
	[PAMST_DISABLED] = {"disabled", PAM_AUTH_ERR, PAM_ACCT_EXPIRED,
		PAM_AUTH_ERR, NONE_SESSION},
	[PAMST_NOT_PERMITTED] = {"not-permitted", PAM_PERM_DENIED,
		PAM_PERM_DENIED, PAM_PERM_DENIED, NONE_SESSION},
	[PAMST_MUST_CHANGE] = {"must-change", NONE, PAM_NEW_AUTHTOK_REQD, NONE,
		NONE_SESSION},
	[PAMST_WEAK] = {"weak-password", NONE, NONE, PAM_AUTHTOK_ERR,
		NONE_SESSION},
	[PAMST_UNAVAILABLE] = {"unavailable", PAM_AUTHINFO_UNAVAIL,
		PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_SESSION_ERR},
	[PAMST_BAD_CONFIG] = {"bad-config", PAM_SERVICE_ERR, PAM_SERVICE_ERR,
		PAM_SERVICE_ERR, PAM_SERVICE_ERR},
	/* The module has no prompt for a code yet. */
	[PAMST_NEED_CODE] = {"need-code", NONE, NONE, NONE, NONE_SESSION},
	[PAMST_ALLOW] = {"ok", PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS,
		PAM_SUCCESS},
};

static const char *const names[] = {
	[PAMST_ASK_AUTH] = "authentication",
	[PAMST_ASK_ACCOUNT] = "account",
	[PAMST_ASK_CHANGE_CHECK] = "password change",
	[PAMST_ASK_CHANGE] = "password change",
	[PAMST_ASK_OPEN] = "session open",
	[PAMST_ASK_CLOSE] = "session close",
};

/* A hole in the table would read as PAM_SUCCESS. */
static const struct row *find_row(int answer)
{
	bool known = answer > PAMST_NONE && answer < PAMST_ANSWER_END &&
		     rows[answer].reason != NULL;
	return &rows[known ? answer : PAMST_NONE];
}

int pamst_result(enum pamst_question question, int answer)
{
	const struct row *row = find_row(answer);
	switch (question) {
	case PAMST_ASK_AUTH:
		return row->auth;
	case PAMST_ASK_ACCOUNT:
		return row->account;
	case PAMST_ASK_CHANGE_CHECK:
	case PAMST_ASK_CHANGE:
		return row->change;
	case PAMST_ASK_OPEN:
	case PAMST_ASK_CLOSE:
		return row->session;
	}
	return NONE;
}

/* Printable ASCII stays (blanks only if asked), all else is \xHH. */
static void escape(const char *text, size_t max, bool blanks, char *out)
{
	for (size_t i = 0; i < max && text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];
		if ((c > 0x20 && c < 0x7f && c != '\\') ||
			(c == ' ' && blanks)) {
			*out++ = (char)c;
			continue;
		}
		*out++ = '\\';
		*out++ = 'x';
		stauth_hex_digits(c, out);
		out += 2;
	}
	*out = '\0';
}

void pamst_log_answer(const struct pamst_call *call)
{
	bool ok = call->answer.kind == PAMST_ALLOW;
	bool usual = ok || call->answer.kind == PAMST_UNKNOWN_USER;
	if (usual ? !call->args.debug : call->args.quiet) {
		return;
	}
	const void *item = NULL;
	if (pam_get_item(call->pamh, PAM_RHOST, &item) != PAM_SUCCESS ||
		item == NULL) {
		item = "";
	}
	char rhost[SHOWN_SIZE];
	escape(item, SHOWN_MAX, false, rhost);
	char user[SHOWN_SIZE];
	escape(call->user, SHOWN_MAX, false, user);
	char text[DETAIL_MAX + 1];
	char detail[DETAIL_MAX * 4 + 1];
	if (pamst_frame_get(&call->answer, PAMST_LOG, text, sizeof(text))) {
		escape(text, DETAIL_MAX, true, detail);
		pam_syslog(call->pamh, LOG_ERR, "%s", detail);
	}
	pam_syslog(call->pamh, usual ? LOG_INFO : LOG_NOTICE, PAMST_LOG_OUTCOME,
		names[call->question.kind], ok ? "success" : "failure",
		find_row(call->answer.kind)->reason, rhost, user);
}
