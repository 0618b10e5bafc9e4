/* SPDX-License-Identifier: MIT */
#include "conv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>

#include "text.h"

#include "base/banned.h"

#define PASSWORD_MAX 511

/* What a failed conversation becomes: nothing is ever taken as an answer. */
static int conv_code(int rc)
{
	return rc == PAM_CONV_AGAIN || rc == PAM_INCOMPLETE ? PAM_INCOMPLETE
							    : PAM_CONV_ERR;
}

/* libpam calls through these pointers without a check. */
static bool has_conv(pam_handle_t *pamh)
{
	const void *item = NULL;
	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS ||
		item == NULL) {
		return false;
	}
	const struct pam_conv *conv = item;
	return conv->conv != NULL;
}

static const char *stacked(pam_handle_t *pamh, int item_type)
{
	const void *item = NULL;
	return pam_get_item(pamh, item_type, &item) == PAM_SUCCESS ? item
								   : NULL;
}

int pamst_conv_user(struct pamst_call *call)
{
	const char *user = stacked(call->pamh, PAM_USER);
	if (user == NULL) {
		if (!has_conv(call->pamh)) {
			return PAM_CONV_ERR;
		}
		int rc = pam_get_user(call->pamh, &user, NULL);
		if (rc != PAM_SUCCESS) {
			return conv_code(rc);
		}
	}
	if (user == NULL || user[0] == '\0') {
		return PAM_USER_UNKNOWN;
	}
	call->user = user;
	return PAM_SUCCESS;
}

static void add_password(
	struct pamst_call *call, enum pamst_tag tag, const char *password)
{
	pamst_frame_add_len(&call->question, tag, password,
		strnlen(password, PASSWORD_MAX + 1));
}

/* Asks once, without echo. *ret_reply is malloc'ed, wiped by forget(). */
static int ask_hidden(pam_handle_t *pamh, const char *prompt, char **ret_reply)
{
	*ret_reply = NULL;
	if (!has_conv(pamh)) {
		return PAM_CONV_ERR;
	}
	int rc = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, ret_reply, "%s", prompt);
	if (rc != PAM_SUCCESS) {
		return conv_code(rc);
	}
	return *ret_reply != NULL ? PAM_SUCCESS : PAM_CONV_ERR;
}

static void forget(char *reply)
{
	if (reply != NULL) {
		explicit_bzero(reply, strlen(reply));
		free(reply);
	}
}

/* Asks, adds it to the question, keeps it for the modules below. */
static int ask_and_keep(
	struct pamst_call *call, const char *prompt, int item_type)
{
	char *reply;
	int rc = ask_hidden(call->pamh, prompt, &reply);
	if (rc == PAM_SUCCESS) {
		add_password(call, PAMST_PASSWORD, reply);
		rc = pam_set_item(call->pamh, item_type, reply);
	}
	forget(reply);
	return rc;
}

int pamst_conv_password(struct pamst_call *call)
{
	const struct pamst_args *args = &call->args;
	const char *password = NULL;
	if (args->try_first_pass || args->use_first_pass) {
		password = stacked(call->pamh, PAM_AUTHTOK);
	}
	call->stacked = password != NULL;
	if (password != NULL) {
		add_password(call, PAMST_PASSWORD, password);
		return PAM_SUCCESS;
	}
	if (args->use_first_pass) {
		return PAM_AUTH_ERR;
	}
	return ask_and_keep(call, PAMST_PROMPT_PASSWORD, PAM_AUTHTOK);
}

int pamst_conv_old_password(struct pamst_call *call)
{
	const char *password = stacked(call->pamh, PAM_OLDAUTHTOK);
	if (password != NULL) {
		add_password(call, PAMST_PASSWORD, password);
		return PAM_SUCCESS;
	}
	return ask_and_keep(call, PAMST_PROMPT_CURRENT, PAM_OLDAUTHTOK);
}

static int ask_twice(pam_handle_t *pamh, char **ret_first, char **ret_again)
{
	int rc = ask_hidden(pamh, PAMST_PROMPT_NEW, ret_first);
	if (rc == PAM_SUCCESS) {
		rc = ask_hidden(pamh, PAMST_PROMPT_RETYPE, ret_again);
	}
	if (rc == PAM_SUCCESS && strcmp(*ret_first, *ret_again) != 0) {
		(void)pam_error(pamh, "%s", STAUTH_TEXT_PASSWORD_MISMATCH);
		rc = PAM_AUTHTOK_ERR;
	}
	return rc;
}

int pamst_conv_new_password(struct pamst_call *call)
{
	if (call->args.use_authtok) {
		const char *password = stacked(call->pamh, PAM_AUTHTOK);
		if (password == NULL) {
			return PAM_AUTHTOK_ERR;
		}
		add_password(call, PAMST_NEW_PASSWORD, password);
		return PAM_SUCCESS;
	}
	char *first = NULL;
	char *again = NULL;
	int rc = ask_twice(call->pamh, &first, &again);
	if (rc == PAM_SUCCESS) {
		add_password(call, PAMST_NEW_PASSWORD, first);
		rc = pam_set_item(call->pamh, PAM_AUTHTOK, first);
	}
	forget(first);
	forget(again);
	return rc;
}

void pamst_conv_text(const struct pamst_call *call, int style)
{
	char text[512];
	if ((call->pam_flags & PAM_SILENT) == 0 && has_conv(call->pamh) &&
		pamst_frame_get(
			&call->answer, PAMST_TEXT, text, sizeof(text))) {
		(void)pam_prompt(call->pamh, style, NULL, "%s", text);
	}
}
