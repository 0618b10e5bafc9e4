/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "text.h"

#include "base/banned.h"

/* The one table from what happened to what the shell gets. */
static const struct exit_row {
	enum stauth_rc rc;
	int code;
} exits[] = {
	{STAUTH_OK, EX_OK},
	{STAUTH_NOTFOUND, EX_NOUSER},
	{STAUTH_EXISTS, EX_CANTCREAT},
	{STAUTH_EXPIRED, EX_TEMPFAIL},
	{STAUTH_REFUSED, EX_NOPERM},
	{STAUTH_THROTTLED, EX_TEMPFAIL},
	{STAUTH_BADVALUE, EX_DATAERR},
	{STAUTH_PENDING, EX_TEMPFAIL},
	{STAUTH_ENOMEM, EX_TEMPFAIL},
	{STAUTH_ECONFIG, EX_CONFIG},
	{STAUTH_EUNREACHABLE, EX_UNAVAILABLE},
	{STAUTH_EUNKNOWN, EX_TEMPFAIL},
	{STAUTH_EBROKEN, EX_UNAVAILABLE},
	{STAUTH_ESCHEMA, EX_CONFIG},
	{STAUTH_ECRYPTO, EX_UNAVAILABLE},
	{STAUTH_EBUSY, EX_TEMPFAIL},
	{STAUTH_EUNSAFE, EX_CONFIG},
	{STAUTH_EDENIED, EX_NOPERM},
};

int ctl_exit_of(enum stauth_rc rc)
{
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		if (exits[i].rc == rc) {
			return exits[i].code;
		}
	}
	return EX_UNAVAILABLE;
}

__attribute__((format(printf, 1, 0))) static void tell(
	const char *fmt, va_list args)
{
	fputs("stauthctl: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void ctl_message(enum stauth_message_type type, const char *message, void *user)
{
	struct ctl *ctl = user;

	if (type == STAUTH_ERROR) {
		snprintf(ctl->last_error, sizeof(ctl->last_error), "%s",
			message);
	}
	if (type == STAUTH_WARNING) {
		ctl_warn(CTL_TEXT_WARNING, message);
	} else if (type == STAUTH_ERROR) {
		ctl_warn("%s", message);
	} else {
		ctl_info(ctl, "%s", message);
	}
}

void ctl_info(const struct ctl *ctl, const char *fmt, ...)
{
	if (ctl->quiet) {
		return;
	}
	va_list args;
	va_start(args, fmt);
	tell(fmt, args);
	va_end(args);
}

void ctl_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(fmt, args);
	va_end(args);
}

int ctl_usage(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(fmt, args);
	va_end(args);
	fputs(CTL_TEXT_TRY_HELP, stderr);
	return EX_USAGE;
}

int ctl_fail_with(int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(fmt, args);
	va_end(args);
	return code;
}

/* Is it the permissions that keep this user from the file? A file that is
 * not there is judged by the directory, as SQLite would have to make it. */
static bool is_denied(const char *path)
{
	return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) &&
	       errno == EACCES;
}

/* "Out of reach" has reasons that the one who typed can do something about:
 * they have exit codes of their own. */
static int code_of_fault(const struct ctl *ctl, enum stauth_rc rc)
{
	if (rc != STAUTH_EUNREACHABLE || ctl->config == NULL ||
		ctl->config->storage != STAUTH_STORAGE_SQLITE) {
		return ctl_exit_of(rc);
	}
	if (is_denied(ctl->config->sqlite_file) ||
		is_denied(ctl->config->state_dir)) {
		return EX_NOPERM;
	}
	/* Missing is to SQLite what a missing schema is to a server. */
	if (access(ctl->config->sqlite_file, F_OK) && errno == ENOENT) {
		return EX_CONFIG;
	}
	return EX_UNAVAILABLE;
}

int ctl_fail(struct ctl *ctl, const struct stauth_err *err)
{
	const char *text = err->msg[0] ? err->msg : stauth_rc_name(err->rc);

	if (strcmp(ctl->last_error, text) != 0) {
		ctl_warn("%s", text);
	}
	return code_of_fault(ctl, err->rc);
}
