/* SPDX-License-Identifier: MIT */
#include "conv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>

#include "base/banned.h"

#define PASSWORD_MAX 511

/* What a failed conversation becomes: nothing is ever taken as an answer. */
static int conv_code(int rc)
{
	return rc == PAM_CONV_AGAIN || rc == PAM_INCOMPLETE ? PAM_INCOMPLETE
							    : PAM_CONV_ERR;
}

/* libpam calls through these pointers without asking. */
static bool can_talk(pam_handle_t *pamh)
{
	const void *item = NULL;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS ||
		item == NULL) {
		return false;
	}
	const struct pam_conv *conv = item;
	return conv->conv != NULL;
}

int pamst_conv_user(pam_handle_t *pamh, const char **ret_user)
{
	const void *item = NULL;

	int rc = pam_get_item(pamh, PAM_USER, &item);
	const char *user = rc == PAM_SUCCESS ? item : NULL;
	if (user == NULL) {
		if (!can_talk(pamh)) {
			return PAM_CONV_ERR;
		}
		rc = pam_get_user(pamh, &user, NULL);
		if (rc != PAM_SUCCESS) {
			return conv_code(rc);
		}
	}
	if (user == NULL || user[0] == '\0') {
		return PAM_USER_UNKNOWN;
	}
	*ret_user = user;
	return PAM_SUCCESS;
}

static void add_password(struct pamst_frame *question, enum pamst_tag tag,
	const char *password, unsigned char *flags)
{
	size_t len = strnlen(password, PASSWORD_MAX + 1);

	if (len > PASSWORD_MAX) {
		*flags |= PAMST_TOO_LONG;
	} else if (len > 0) {
		pamst_frame_add_len(question, tag, password, len);
	}
}

/* Asks once, without echo. *ret_reply is malloc'ed, wiped by forget(). */
static int ask_hidden(pam_handle_t *pamh, const char *prompt, char **ret_reply)
{
	*ret_reply = NULL;
	if (!can_talk(pamh)) {
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

static const char *stacked(pam_handle_t *pamh, int item_type)
{
	const void *item = NULL;

	if (pam_get_item(pamh, item_type, &item) != PAM_SUCCESS) {
		return NULL;
	}
	return item;
}

/* Asks, adds it to the question, keeps it for the modules below. */
static int ask_and_keep(pam_handle_t *pamh, const char *prompt, int item_type,
	enum pamst_tag tag, struct pamst_frame *question, unsigned char *flags)
{
	char *reply;
	int rc = ask_hidden(pamh, prompt, &reply);

	if (rc == PAM_SUCCESS) {
		add_password(question, tag, reply, flags);
		rc = pam_set_item(pamh, item_type, reply);
	}
	forget(reply);
	return rc;
}

int pamst_conv_password(pam_handle_t *pamh, const struct pamst_args *args,
	struct pamst_frame *question, unsigned char *flags)
{
	if (args->try_first_pass || args->use_first_pass) {
		const char *password = stacked(pamh, PAM_AUTHTOK);

		if (password != NULL) {
			add_password(question, PAMST_PASSWORD, password, flags);
			return PAM_SUCCESS;
		}
		if (args->use_first_pass) {
			return PAM_AUTH_ERR;
		}
	}
	return ask_and_keep(pamh, "Password: ", PAM_AUTHTOK, PAMST_PASSWORD,
		question, flags);
}

int pamst_conv_old_password(pam_handle_t *pamh, const struct pamst_args *args,
	struct pamst_frame *question, unsigned char *flags)
{
	const char *password = stacked(pamh, PAM_OLDAUTHTOK);

	(void)args;
	if (password != NULL) {
		add_password(question, PAMST_PASSWORD, password, flags);
		return PAM_SUCCESS;
	}
	return ask_and_keep(pamh, "Current password: ", PAM_OLDAUTHTOK,
		PAMST_PASSWORD, question, flags);
}

static int ask_twice(
	pam_handle_t *pamh, struct pamst_frame *question, unsigned char *flags)
{
	char *first = NULL;
	char *again = NULL;
	int rc = ask_hidden(pamh, "New password: ", &first);

	if (rc == PAM_SUCCESS) {
		rc = ask_hidden(pamh, "New password, once more: ", &again);
	}
	if (rc == PAM_SUCCESS && strcmp(first, again) != 0) {
		(void)pam_error(pamh, "The two new passwords differ.");
		rc = PAM_AUTHTOK_ERR;
	}
	if (rc == PAM_SUCCESS) {
		add_password(question, PAMST_NEW_PASSWORD, first, flags);
		rc = pam_set_item(pamh, PAM_AUTHTOK, first);
	}
	forget(first);
	forget(again);
	return rc;
}

int pamst_conv_new_password(pam_handle_t *pamh, const struct pamst_args *args,
	struct pamst_frame *question, unsigned char *flags)
{
	if (args->use_authtok) {
		const char *password = stacked(pamh, PAM_AUTHTOK);

		if (password == NULL) {
			return PAM_AUTHTOK_ERR;
		}
		add_password(question, PAMST_NEW_PASSWORD, password, flags);
		return PAM_SUCCESS;
	}
	return ask_twice(pamh, question, flags);
}

void pamst_conv_text(pam_handle_t *pamh, int flags,
	const struct pamst_frame *answer, int style)
{
	char text[512];

	if (!(flags & PAM_SILENT) && can_talk(pamh) &&
		pamst_frame_get(answer, PAMST_TEXT, text, sizeof(text))) {
		(void)pam_prompt(pamh, style, NULL, "%s", text);
	}
}
