/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdbool.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "base/banned.h"

#define SHOWN_MAX  64 /* bytes of a foreign text */
#define SHOWN_SIZE (SHOWN_MAX * 4 + 1)
#define REASON_MAX 200

static const char *const did[] = {
	[PAMST_ASK_AUTH] = "authentication",
	[PAMST_ASK_ACCOUNT] = "account",
	[PAMST_ASK_CHANGE_CHECK] = "password change",
	[PAMST_ASK_CHANGE] = "password change",
	[PAMST_ASK_OPEN] = "session open",
	[PAMST_ASK_CLOSE] = "session close",
};

static const char *const reason[PAMST_ANSWER_END] = {
	[PAMST_NONE] = "no-answer",
	[PAMST_WRONG] = "wrong",
	[PAMST_UNKNOWN_USER] = "unknown-user",
	[PAMST_THROTTLED] = "throttled",
	[PAMST_DISABLED] = "disabled",
	[PAMST_NOT_PERMITTED] = "not-permitted",
	[PAMST_MUST_CHANGE] = "must-change",
	[PAMST_WEAK] = "weak-password",
	[PAMST_UNAVAILABLE] = "unavailable",
	[PAMST_BAD_CONFIG] = "bad-config",
	[PAMST_NEED_CODE] = "need-code",
	[PAMST_ALLOW] = "ok",
};

/* Printable ASCII stays (blanks only if asked), all else is \xHH. */
static void escape(const char *text, size_t max, bool blanks, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < max && text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c > 0x20 && c < 0x7f && c != '\\') ||
			(c == ' ' && blanks)) {
			*out++ = (char)c;
			continue;
		}
		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	*out = '\0';
}

static void item(pam_handle_t *pamh, int type, char out[SHOWN_SIZE])
{
	const void *value = NULL;

	if (pam_get_item(pamh, type, &value) != PAM_SUCCESS || value == NULL) {
		value = "";
	}
	escape(value, SHOWN_MAX, false, out);
}

/* A session of somebody who is not ours goes by: nothing to tell. */
static bool foreign(
	enum pamst_question question, const struct pamst_frame *answer)
{
	return answer->kind == PAMST_UNKNOWN_USER &&
	       (question == PAMST_ASK_OPEN || question == PAMST_ASK_CLOSE);
}

void pamst_log_answer(pam_handle_t *pamh, const struct pamst_args *args,
	enum pamst_question question, const struct pamst_frame *answer,
	const char *user)
{
	bool ok = answer->kind == PAMST_ALLOW || foreign(question, answer);
	size_t kind = answer->kind < PAMST_ANSWER_END ? answer->kind : 0;

	if (ok ? !args->debug : args->quiet) {
		return;
	}
	char name[SHOWN_SIZE];
	escape(user, SHOWN_MAX, false, name);
	char rhost[SHOWN_SIZE];
	item(pamh, PAM_RHOST, rhost);
	char text[REASON_MAX + 1];
	char detail[REASON_MAX * 4 + 1];
	if (pamst_frame_get(answer, PAMST_LOG, text, sizeof(text))) {
		escape(text, REASON_MAX, true, detail);
		pam_syslog(pamh, LOG_ERR, "%s", detail);
	}
	pam_syslog(pamh, ok ? LOG_INFO : LOG_NOTICE,
		"%s %s; reason=%s rhost=%s user=%s", did[question],
		ok ? "success" : "failure", reason[kind], rhost, name);
}

void pamst_log_no_answer(
	pam_handle_t *pamh, const struct pamst_args *args, const char *why)
{
	pam_syslog(pamh, LOG_ERR, "%s (helper=%.200s)", why, args->helper);
}
