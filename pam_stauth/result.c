/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <security/pam_modules.h>

#include "base/banned.h"

/* 0 would be PAM_SUCCESS, so a hole in the table must not read as 0. */
#define NO_ANSWER (-1)

struct row {
	int answer;
	int auth;
	int account;
	int change;
	int session;
};

static const struct row rows[] = {
	{PAMST_WRONG, PAM_AUTH_ERR, NO_ANSWER, PAM_AUTH_ERR, NO_ANSWER},
	{PAMST_UNKNOWN_USER, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN,
		PAM_USER_UNKNOWN, PAM_SUCCESS},
	{PAMST_THROTTLED, PAM_MAXTRIES, NO_ANSWER, PAM_MAXTRIES, NO_ANSWER},
	{PAMST_DISABLED, PAM_AUTH_ERR, PAM_ACCT_EXPIRED, PAM_AUTH_ERR,
		NO_ANSWER},
	{PAMST_NOT_PERMITTED, PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED,
		PAM_SESSION_ERR},
	{PAMST_MUST_CHANGE, NO_ANSWER, PAM_NEW_AUTHTOK_REQD, NO_ANSWER,
		NO_ANSWER},
	{PAMST_WEAK, NO_ANSWER, NO_ANSWER, PAM_AUTHTOK_ERR, NO_ANSWER},
	{PAMST_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,
		PAM_AUTHINFO_UNAVAIL, PAM_SESSION_ERR},
	{PAMST_BAD_CONFIG, PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_SERVICE_ERR,
		PAM_SERVICE_ERR},
	{PAMST_ALLOW, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
};

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
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].answer == answer) {
			int code = column(&rows[i], question);

			if (code != NO_ANSWER) {
				return code;
			}
		}
	}
	return question == PAMST_ASK_OPEN || question == PAMST_ASK_CLOSE
		       ? PAM_SESSION_ERR
		       : PAM_AUTHINFO_UNAVAIL;
}
