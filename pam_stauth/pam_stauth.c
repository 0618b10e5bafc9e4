/* SPDX-License-Identifier: MIT */
/*
 * The six entry points. Each turns PAM's words into one question, has the
 * helper answer it, and turns the answer into a PAM code.
 *
 *  1. PAM_SUCCESS MUST come from an answer ALLOW to this very call, or where
 *     CONTRACT 4 says so (sessions of foreign users, setcred without auth).
 *  2. PAM_IGNORE MUST never be returned.
 *  3. Nothing MUST be kept in static storage: hosts have threads and handles.
 *  4. Every secret of ours MUST be wiped before the return.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "args.h"
#include "ask.h"
#include "conv.h"
#include "log.h"
#include "result.h"
#include "wire.h"

#include "base/banned.h"

#define DATA_AUTH    "stauth_auth_result"
#define DATA_SESSION "stauth_session"
#define HANDLE_SIZE  17
/* More than any name that is one, so that a cut name never becomes another
 * user's: a name over 254 bytes is refused. */
#define USER_CUT 300

/* One call's worth; large, and wiped in one place. */
struct call {
	struct pamst_args args;
	enum pamst_question question;
	const char *user;    /* libpam's */
	unsigned char flags; /* enum pamst_flag */
	char uid[24];        /* the host's real uid, decimal */
	struct pamst_frame ask;
	struct pamst_frame answer;
};

static void add_item(pam_handle_t *pamh, struct pamst_frame *ask, int type,
	enum pamst_tag tag)
{
	const void *value = NULL;

	if (pam_get_item(pamh, type, &value) == PAM_SUCCESS && value != NULL) {
		pamst_frame_add_len(ask, tag, value, strnlen(value, 255));
	}
}

/* Parses the line, finds the user, begins the question. */
static int call_begin(pam_handle_t *pamh, int argc, const char **argv,
	enum pamst_question question, struct call *call)
{
	memset(call, 0, sizeof(*call));
	call->question = question;
	pamst_frame_init(&call->ask, question);
	pamst_frame_init(&call->answer, PAMST_NONE);
	int rc = pamst_args_parse(pamh, argc, argv, &call->args);
	if (rc == PAM_SUCCESS) {
		rc = pamst_conv_user(pamh, &call->user);
	}
	if (rc != PAM_SUCCESS) {
		return rc;
	}
	pamst_frame_add_len(&call->ask, PAMST_USER, call->user,
		strnlen(call->user, USER_CUT));
	pamst_frame_add(&call->ask, PAMST_CONFIG, call->args.conf);
	pamst_frame_add(&call->ask, PAMST_GROUP, call->args.group);
	pamst_frame_add(&call->ask, PAMST_MINIMUM_UID, call->args.minimum_uid);
	snprintf(call->uid, sizeof(call->uid), "%lu", (unsigned long)getuid());
	pamst_frame_add(&call->ask, PAMST_HOST_UID, call->uid);
	add_item(pamh, &call->ask, PAM_SERVICE, PAMST_SERVICE);
	add_item(pamh, &call->ask, PAM_RHOST, PAMST_RHOST);
	add_item(pamh, &call->ask, PAM_TTY, PAMST_TTY);
	call->flags =
		(unsigned char)((call->args.require_su ? PAMST_REQUIRE_SU : 0) |
				(call->args.any_account ? PAMST_ANY_ACCOUNT
							: 0));
	return PAM_SUCCESS;
}

/* Has it answered and logs. The PAM code by the table. */
static int call_ask(pam_handle_t *pamh, struct call *call)
{
	const char *why = "";

	pamst_frame_add_len(
		&call->ask, PAMST_FLAGS, &call->flags, sizeof(call->flags));
	if (!pamst_ask(call->args.helper, &call->ask, &call->answer, &why)) {
		pamst_log_no_answer(pamh, &call->args, why);
		return pamst_result(call->question, PAMST_NONE);
	}
	pamst_log_answer(
		pamh, &call->args, call->question, &call->answer, call->user);
	return pamst_result(call->question, call->answer.kind);
}

static void call_end(struct call *call)
{
	pamst_frame_wipe(&call->ask);
	pamst_frame_wipe(&call->answer);
}

/* The canonical name of the answer becomes the host's. */
static int take_name(pam_handle_t *pamh, const struct call *call)
{
	char name[USER_CUT];

	if (!pamst_frame_get(&call->answer, PAMST_USER, name, sizeof(name))) {
		return PAM_AUTHINFO_UNAVAIL;
	}
	return strcmp(name, call->user) == 0
		       ? PAM_SUCCESS
		       : pam_set_item(pamh, PAM_USER, name);
}

static void free_data(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

/* Remembers a code for setcred; if that fails, so does the log-in. */
static int remember(pam_handle_t *pamh, int code)
{
	int *kept = malloc(sizeof(*kept));

	if (kept == NULL) {
		return PAM_BUF_ERR;
	}
	*kept = code;
	if (pam_set_data(pamh, DATA_AUTH, kept, free_data) != PAM_SUCCESS) {
		free(kept);
		return PAM_BUF_ERR;
	}
	return code;
}

static int authenticate(pam_handle_t *pamh, int flags, struct call *call)
{
	int rc = pamst_conv_password(
		pamh, &call->args, &call->ask, &call->flags);

	if (rc != PAM_SUCCESS) {
		return rc;
	}
	rc = call_ask(pamh, call);
	if (rc == PAM_SUCCESS) {
		rc = take_name(pamh, call);
	}
	pamst_conv_text(pamh, flags, &call->answer,
		rc == PAM_SUCCESS ? PAM_TEXT_INFO : PAM_ERROR_MSG);
	return rc;
}

__attribute__((visibility("default"))) int pam_sm_authenticate(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call;
	int rc = call_begin(pamh, argc, argv, PAMST_ASK_AUTH, &call);

	if (rc == PAM_SUCCESS) {
		rc = authenticate(pamh, flags, &call);
	}
	call_end(&call);
	return remember(pamh, rc);
}

__attribute__((visibility("default"))) int pam_sm_setcred(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct pamst_args args;
	int rc = pamst_args_parse(pamh, argc, argv, &args);

	(void)flags;
	if (rc != PAM_SUCCESS) {
		return rc;
	}
	const void *kept = NULL;
	if (pam_get_data(pamh, DATA_AUTH, &kept) != PAM_SUCCESS ||
		kept == NULL) {
		return PAM_SUCCESS;
	}
	return *(const int *)kept;
}

__attribute__((visibility("default"))) int pam_sm_acct_mgmt(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call;
	int rc = call_begin(pamh, argc, argv, PAMST_ASK_ACCOUNT, &call);

	if (rc == PAM_SUCCESS) {
		rc = call_ask(pamh, &call);
		pamst_conv_text(pamh, flags, &call.answer, PAM_ERROR_MSG);
	}
	call_end(&call);
	return rc;
}

/*
 * The first phase asks whether the store is there and the old password right;
 * the second asks for the new one, and changes it.
 */
static int change_phase(
	pam_handle_t *pamh, int flags, bool prelim, struct call *call)
{
	bool as_root = getuid() == 0;
	int rc = PAM_SUCCESS;

	if (as_root) {
		call->flags |= PAMST_AS_ROOT;
	} else {
		rc = pamst_conv_old_password(
			pamh, &call->args, &call->ask, &call->flags);
	}
	if (rc == PAM_SUCCESS && !prelim) {
		rc = pamst_conv_new_password(
			pamh, &call->args, &call->ask, &call->flags);
	}
	if (rc == PAM_SUCCESS) {
		rc = call_ask(pamh, call);
		pamst_conv_text(pamh, flags, &call->answer,
			rc == PAM_SUCCESS && !prelim ? PAM_TEXT_INFO
						     : PAM_ERROR_MSG);
	}
	return rc;
}

__attribute__((visibility("default"))) int pam_sm_chauthtok(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	bool prelim = flags & PAM_PRELIM_CHECK;
	struct call call;
	int rc = call_begin(pamh, argc, argv,
		prelim ? PAMST_ASK_CHANGE_CHECK : PAMST_ASK_CHANGE, &call);

	if (rc == PAM_SUCCESS) {
		rc = change_phase(pamh, flags, prelim, &call);
	}
	call_end(&call);
	return rc;
}

static int keep_session(pam_handle_t *pamh, const struct call *call)
{
	char *handle = calloc(1, HANDLE_SIZE);

	if (handle == NULL) {
		return PAM_BUF_ERR;
	}
	if (!pamst_frame_get(
		    &call->answer, PAMST_HANDLE, handle, HANDLE_SIZE)) {
		free(handle); /* not one of ours: nothing to close later */
		return PAM_SUCCESS;
	}
	if (pam_set_data(pamh, DATA_SESSION, handle, free_data) !=
		PAM_SUCCESS) {
		free(handle);
		return PAM_BUF_ERR;
	}
	return PAM_SUCCESS;
}

__attribute__((visibility("default"))) int pam_sm_open_session(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call;
	char pid[24];
	int rc = call_begin(pamh, argc, argv, PAMST_ASK_OPEN, &call);

	(void)flags;
	if (rc == PAM_SUCCESS) {
		snprintf(pid, sizeof(pid), "%ld", (long)getpid());
		pamst_frame_add(&call.ask, PAMST_HOST_PID, pid);
		rc = call_ask(pamh, &call);
	}
	if (rc == PAM_SUCCESS) {
		rc = keep_session(pamh, &call);
	}
	call_end(&call);
	return rc;
}

__attribute__((visibility("default"))) int pam_sm_close_session(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *handle = NULL;
	struct call call;
	int rc = call_begin(pamh, argc, argv, PAMST_ASK_CLOSE, &call);

	(void)flags;
	if (rc == PAM_SUCCESS &&
		pam_get_data(pamh, DATA_SESSION, &handle) == PAM_SUCCESS &&
		handle != NULL) {
		pamst_frame_add(&call.ask, PAMST_HANDLE, handle);
		rc = call_ask(pamh, &call);
	}
	call_end(&call);
	return rc;
}
