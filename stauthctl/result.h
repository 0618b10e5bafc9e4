/* SPDX-License-Identifier: MIT */
/* What a person on the terminal reads, and the exit code. */
#ifndef CTL_RESULT_H
#define CTL_RESULT_H

#include "ctl.h"

#include "base/message.h"

/* The messages of common/, for ctx.messages; user is the struct ctl. */
stauth_message_fn ctl_message;

/* "stauthctl: ..." on stderr, silent with -q. */
void ctl_info(const struct ctl *ctl, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, but -q does not silence it. */
void ctl_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A wrong line: says so and where the help is. Returns 64. */
int ctl_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Reports what failed, unless common/ did already, and returns the
 * exit code of it. */
int ctl_fail(struct ctl *ctl, const struct stauth_err *err);
/* The same for an error that is the command's own. Returns code. */
int ctl_fail_with(int code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The exit code of a result that says nothing about files. */
int ctl_exit_of(enum stauth_rc rc);

#endif
