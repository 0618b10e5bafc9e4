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

/* 0 would be PAM_SUCCESS, so a hole in the table must not read as 0. */
#define NO_ANSWER (-1)

struct row {
	enum pamst_answer answer;
	const char *reason; /* in the log */
	int auth;
	int account;
	int change;
	int session;
};

static const struct row rows[] = {
	{PAMST_WRONG, "wrong", PAM_AUTH_ERR, NO_ANSWER, PAM_AUTH_ERR,
		NO_ANSWER},
	{PAMST_UNKNOWN_USER, "unknown-user", PAM_USER_UNKNOWN, PAM_USER_UNKNOWN,
		PAM_USER_UNKNOWN, PAM_SUCCESS},
	{PAMST_THROTTLED, "throttled", PAM_MAXTRIES, NO_ANSWER, PAM_MAXTRIES,
		NO_ANSWER},
	{PAMST_DISABLED, "disabled", PAM_AUTH_ERR, PAM_ACCT_EXPIRED,
		PAM_AUTH_ERR, NO_ANSWER},
	{PAMST_NOT_PERMITTED, "not-permitted", PAM_PERM_DENIED, PAM_PERM_DENIED,
		PAM_PERM_DENIED, PAM_SESSION_ERR},
	{PAMST_MUST_CHANGE, "must-change", NO_ANSWER, PAM_NEW_AUTHTOK_REQD,
		NO_ANSWER, NO_ANSWER},
	{PAMST_WEAK, "weak-password", NO_ANSWER, NO_ANSWER, PAM_AUTHTOK_ERR,
		NO_ANSWER},
	{PAMST_UNAVAILABLE, "unavailable", PAM_AUTHINFO_UNAVAIL,
		PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_SESSION_ERR},
	{PAMST_BAD_CONFIG, "bad-config", PAM_SERVICE_ERR, PAM_SERVICE_ERR,
		PAM_SERVICE_ERR, PAM_SERVICE_ERR},
	/* The module has no prompt for a code yet. */
	{PAMST_NEED_CODE, "need-code", PAM_AUTHINFO_UNAVAIL, NO_ANSWER,
		PAM_AUTHINFO_UNAVAIL, NO_ANSWER},
	{PAMST_ALLOW, "ok", PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
};

static const char *const names[] = {
	[PAMST_ASK_AUTH] = "authentication",
	[PAMST_ASK_ACCOUNT] = "account",
	[PAMST_ASK_CHANGE_CHECK] = "password change",
	[PAMST_ASK_CHANGE] = "password change",
	[PAMST_ASK_OPEN] = "session open",
	[PAMST_ASK_CLOSE] = "session close",
};

static const struct row *find_row(int answer)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if ((int)rows[i].answer == answer) {
			return &rows[i];
		}
	}
	return NULL;
}

static int column(const struct row *row, enum pamst_question question)
{
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
	return NO_ANSWER;
}

int pamst_result(enum pamst_question question, int answer)
{
	const struct row *row = find_row(answer);
	int code = row != NULL ? column(row, question) : NO_ANSWER;

	if (code != NO_ANSWER) {
		return code;
	}
	return question == PAMST_ASK_OPEN || question == PAMST_ASK_CLOSE
		       ? PAM_SESSION_ERR
		       : PAM_AUTHINFO_UNAVAIL;
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
	const struct row *row = find_row(call->answer.kind);
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
		row != NULL ? row->reason : "no-answer", rhost, user);
}
