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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_modules.h>

#include "ask.h"
#include "call.h"
#include "conv.h"
#include "result.h"

#include "base/banned.h"

#define DATA_AUTH    "stauth_auth"
#define DATA_SESSION "stauth_session"
#define HANDLE_SIZE  17
#define PROOF_SIZE   48
/* More than any name that is one, so that a cut name never becomes another
 * user's: a name over 254 bytes is refused. */
#define USER_CUT      300
#define PASSWORD_SIZE 512

/* Of the last authenticate on this handle. */
struct auth_state {
	int code;               /* for setcred */
	char proof[PROOF_SIZE]; /* the helper's, of its success; "" none */
};

static void add_item(struct pamst_call *call, int type, enum pamst_tag tag)
{
	const void *value = NULL;
	if (pam_get_item(call->pamh, type, &value) == PAM_SUCCESS &&
		value != NULL) {
		pamst_frame_add_len(
			&call->question, tag, value, strnlen(value, 255));
	}
}

static void add_flags(struct pamst_call *call)
{
	bool expired = (call->pam_flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0;
	unsigned char flags = 0;
	flags |= call->args.require_su ? PAMST_REQUIRE_SU : 0;
	flags |= call->args.any_account ? PAMST_ANY_ACCOUNT : 0;
	flags |= expired ? PAMST_EXPIRED : 0;
	flags |= getuid() == 0 && !expired ? PAMST_AS_ROOT : 0;
	pamst_frame_add_len(
		&call->question, PAMST_FLAGS, &flags, sizeof(flags));
}

/* Parses the line, finds the user, begins the question. */
static int call_begin(struct pamst_call *call, enum pamst_question question,
	int argc, const char **argv)
{
	pamst_frame_init(&call->question, question);
	pamst_frame_init(&call->answer, PAMST_NONE);
	int rc = pamst_args_parse(call->pamh, argc, argv, &call->args);
	if (rc != PAM_SUCCESS) {
		return rc;
	}
	rc = pamst_conv_user(call);
	if (rc != PAM_SUCCESS) {
		return rc;
	}
	pamst_frame_add_len(&call->question, PAMST_USER, call->user,
		strnlen(call->user, USER_CUT));
	pamst_frame_add(&call->question, PAMST_CONFIG, call->args.conf);
	pamst_frame_add(&call->question, PAMST_GROUP, call->args.group);
	pamst_frame_add(
		&call->question, PAMST_MINIMUM_UID, call->args.minimum_uid);
	char uid[24];
	snprintf(uid, sizeof(uid), "%lu", (unsigned long)getuid());
	pamst_frame_add(&call->question, PAMST_HOST_UID, uid);
	add_item(call, PAM_SERVICE, PAMST_SERVICE);
	add_item(call, PAM_RHOST, PAMST_RHOST);
	add_item(call, PAM_RUSER, PAMST_RUSER);
	add_item(call, PAM_TTY, PAMST_TTY);
	add_flags(call);
	return PAM_SUCCESS;
}

/* The PAM code of the answer, which is logged. */
static int call_result(const struct pamst_call *call)
{
	if (call->answer.kind != PAMST_NONE) {
		pamst_log_answer(call);
	}
	return pamst_result(
		(enum pamst_question)call->question.kind, call->answer.kind);
}

static int call_ask(struct pamst_call *call)
{
	pamst_ask(call);
	return call_result(call);
}

static void call_end(struct pamst_call *call)
{
	pamst_frame_wipe(&call->question);
	pamst_frame_wipe(&call->answer);
}

/* The canonical name of the answer becomes the host's. */
static int take_name(const struct pamst_call *call)
{
	char name[USER_CUT];
	if (!pamst_frame_get(&call->answer, PAMST_USER, name, sizeof(name))) {
		return PAM_AUTHINFO_UNAVAIL;
	}
	return strcmp(name, call->user) == 0
		       ? PAM_SUCCESS
		       : pam_set_item(call->pamh, PAM_USER, name);
}

static void free_data(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

static struct auth_state *auth_state(pam_handle_t *pamh)
{
	const void *data = NULL;
	struct auth_state *state = NULL;
	if (pam_get_data(pamh, DATA_AUTH, &data) == PAM_SUCCESS) {
		memcpy(&state, &data, sizeof(state));
	}
	return state;
}

/* Forgets the last log-in; NULL if there is no memory for this one. */
static struct auth_state *auth_state_begin(pam_handle_t *pamh)
{
	struct auth_state *state = auth_state(pamh);
	if (state == NULL) {
		state = malloc(sizeof(*state));
		if (state == NULL || pam_set_data(pamh, DATA_AUTH, state,
					     free_data) != PAM_SUCCESS) {
			free(state);
			return NULL;
		}
	}
	*state = (struct auth_state){.code = PAM_AUTH_ERR};
	return state;
}

/* try_first_pass: the password of the module above was wrong here. One that is
 * typed again is not tried again: sshd answers every prompt with the same. */
static int ask_person(struct pamst_call *call, size_t question_len)
{
	char tried[PASSWORD_SIZE];
	(void)pamst_frame_get(
		&call->question, PAMST_PASSWORD, tried, sizeof(tried));
	pamst_frame_cut(&call->question, question_len);
	call->args.try_first_pass = false;
	int rc = pamst_conv_password(call);
	char typed[PASSWORD_SIZE];
	(void)pamst_frame_get(
		&call->question, PAMST_PASSWORD, typed, sizeof(typed));
	if (rc == PAM_SUCCESS) {
		rc = strcmp(tried, typed) == 0 ? PAM_AUTH_ERR : call_ask(call);
	}
	explicit_bzero(tried, sizeof(tried));
	explicit_bzero(typed, sizeof(typed));
	return rc;
}

static int authenticate(struct pamst_call *call, struct auth_state *state)
{
	size_t question_len = call->question.len;
	int rc = pamst_conv_password(call);
	if (rc != PAM_SUCCESS) {
		return rc;
	}
	rc = call_ask(call);
	if (call->answer.kind == PAMST_WRONG && call->stacked &&
		call->args.try_first_pass) {
		rc = ask_person(call, question_len);
	}
	if (rc == PAM_SUCCESS) {
		rc = take_name(call);
	}
	if (rc == PAM_SUCCESS) {
		(void)pamst_frame_get(&call->answer, PAMST_PROOF, state->proof,
			sizeof(state->proof));
	}
	pamst_conv_text(
		call, rc == PAM_SUCCESS ? PAM_TEXT_INFO : PAM_ERROR_MSG);
	return rc;
}

__attribute__((visibility("default"))) int pam_sm_authenticate(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct pamst_call call = {.pamh = pamh, .pam_flags = flags};
	struct auth_state *state = auth_state_begin(pamh);
	if (state == NULL) {
		return PAM_BUF_ERR;
	}
	int rc = call_begin(&call, PAMST_ASK_AUTH, argc, argv);
	if (rc == PAM_SUCCESS) {
		rc = authenticate(&call, state);
	}
	call_end(&call);
	state->code = rc;
	return rc;
}

__attribute__((visibility("default"))) int pam_sm_setcred(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const struct auth_state *state = auth_state(pamh);
	struct pamst_args args;
	int rc = pamst_args_parse(pamh, argc, argv, &args);
	(void)flags;
	if (rc != PAM_SUCCESS) {
		return rc;
	}
	return state != NULL ? state->code : PAM_SUCCESS;
}

__attribute__((visibility("default"))) int pam_sm_acct_mgmt(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct pamst_call call = {.pamh = pamh, .pam_flags = flags};
	int rc = call_begin(&call, PAMST_ASK_ACCOUNT, argc, argv);
	if (rc == PAM_SUCCESS) {
		rc = call_ask(&call);
		pamst_conv_text(&call, PAM_ERROR_MSG);
	}
	call_end(&call);
	return rc;
}

/* Not changed here. If the stack continues all the same, the modules below take
 * the new password from the first, which asks for it (pam-auth-update(8)). */
static int leave_change(struct pamst_call *call, bool prelim)
{
	bool theirs = call->answer.kind == PAMST_UNKNOWN_USER ||
		      call->answer.kind == PAMST_NOT_PERMITTED;
	int rc = call_result(call);
	if (!prelim && theirs && !call->args.use_authtok) {
		int asked = pamst_conv_new_password(call);
		if (asked != PAM_SUCCESS) {
			return asked;
		}
	}
	return rc;
}

/*
 * Whether the account is one that may be changed here, and whether its
 * current password is needed, is asked before the person is. Both phases ask:
 * the second is a call of its own.
 */
static int change(struct pamst_call *call)
{
	bool prelim = (call->pam_flags & PAM_PRELIM_CHECK) != 0;
	pamst_ask(call);
	int rc;
	if (call->answer.kind == PAMST_NEED_PASSWORD) {
		rc = pamst_conv_old_password(call);
		if (rc != PAM_SUCCESS) {
			return rc;
		}
		if (prelim) {
			return call_ask(call);
		}
	} else if (call->answer.kind != PAMST_ALLOW) {
		return leave_change(call, prelim);
	} else if (prelim) {
		return call_result(call);
	}
	rc = pamst_conv_new_password(call);
	if (rc != PAM_SUCCESS) {
		return rc;
	}
	call->question.kind = PAMST_ASK_CHANGE;
	return call_ask(call);
}

__attribute__((visibility("default"))) int pam_sm_chauthtok(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct pamst_call call = {.pamh = pamh, .pam_flags = flags};
	const struct auth_state *state = auth_state(pamh);
	int rc = call_begin(&call, PAMST_ASK_CHANGE_CHECK, argc, argv);
	if (rc == PAM_SUCCESS) {
		if (state != NULL && state->proof[0] != '\0') {
			pamst_frame_add(
				&call.question, PAMST_PROOF, state->proof);
		}
		rc = change(&call);
		pamst_conv_text(&call,
			rc == PAM_SUCCESS ? PAM_TEXT_INFO : PAM_ERROR_MSG);
	}
	call_end(&call);
	return rc;
}

static int keep_session(const struct pamst_call *call)
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
	if (pam_set_data(call->pamh, DATA_SESSION, handle, free_data) !=
		PAM_SUCCESS) {
		free(handle);
		return PAM_BUF_ERR;
	}
	return PAM_SUCCESS;
}

__attribute__((visibility("default"))) int pam_sm_open_session(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct pamst_call call = {.pamh = pamh, .pam_flags = flags};
	int rc = call_begin(&call, PAMST_ASK_OPEN, argc, argv);
	if (rc == PAM_SUCCESS) {
		rc = call_ask(&call);
	}
	if (rc == PAM_SUCCESS) {
		rc = keep_session(&call);
	}
	call_end(&call);
	return rc;
}

__attribute__((visibility("default"))) int pam_sm_close_session(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct pamst_call call = {.pamh = pamh, .pam_flags = flags};
	const void *handle = NULL;
	int rc = call_begin(&call, PAMST_ASK_CLOSE, argc, argv);
	if (rc == PAM_SUCCESS &&
		pam_get_data(pamh, DATA_SESSION, &handle) == PAM_SUCCESS &&
		handle != NULL) {
		pamst_frame_add(&call.question, PAMST_HANDLE, handle);
		rc = call_ask(&call);
	}
	call_end(&call);
	return rc;
}
