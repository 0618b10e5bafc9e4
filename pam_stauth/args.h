/* SPDX-License-Identifier: MIT */
#ifndef PAMST_ARGS_H
#define PAMST_ARGS_H

#include <stdbool.h>

#include <security/pam_modules.h>

#define PAMST_HELPER "/usr/libexec/stauth/stauth_chkpwd"

/* The module's line in a service file. Strings are the caller's argv. */
struct pamst_args {
	const char *conf;        /* absolute path; NULL: the helper's default */
	const char *helper;      /* absolute path; NULL: the installed one */
	const char *group;       /* NULL none */
	const char *minimum_uid; /* decimal; NULL: the default, 1000 */
	bool try_first_pass;
	bool use_first_pass;
	bool use_authtok;
	bool require_su;
	bool any_account;
	bool debug;
	bool quiet;
};

/*
 * Every option is accepted on every type. PAM_SERVICE_ERR, and a log line, for
 * one that is unknown, given twice, contradicts another, or is no absolute
 * path, number or group where one belongs.
 */
int pamst_args_parse(pam_handle_t *pamh, int argc, const char **argv,
	struct pamst_args *ret_args);

#endif
