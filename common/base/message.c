/* SPDX-License-Identifier: MIT */
#include "base/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/banned.h"

void stauth_report(const struct stauth_messages *messages,
	enum stauth_message_type type, const char *fmt, ...)
{
	if (messages == NULL || messages->say == NULL) {
		return;
	}
	va_list ap;
	va_start(ap, fmt);
	char text[512];
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	messages->say(type, text, messages->user);
}

void stauth_message_stderr(
	enum stauth_message_type type, const char *message, void *user)
{
	static const char *const tag[] = {
		[STAUTH_INFO] = "INFO",
		[STAUTH_SUCCESS] = "SUCCESS",
		[STAUTH_WARNING] = "WARNING",
		[STAUTH_ERROR] = "ERROR",
	};

	(void)user;
	fprintf(stderr, "[AUTH] %s: %s\n", tag[type], message);
}

const char *stauth_message_type_name(enum stauth_message_type type)
{
	static const char *const name[] = {
		[STAUTH_INFO] = "info",
		[STAUTH_SUCCESS] = "success",
		[STAUTH_WARNING] = "warning",
		[STAUTH_ERROR] = "error",
	};

	return name[type];
}
