/* SPDX-License-Identifier: MIT */
/*
 * 1. What people chose (names) MUST be text in both parts: never expanded,
 *    never mark-up, never part of a link (attack row H6).
 * 2. A code or link MUST stand alone on its line, unbroken.
 * 3. Links MUST begin with the first PUBLIC_URL, whatever the request's Host.
 * 4. A PIN MUST be digits and a token base64url: nothing else gets out.
 */
#include "mail/compose.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/secret.h"
#include "config/config.h"
#include "mail/mime.h"

#include "base/banned.h"

#define COUNT(a)    (sizeof(a) / sizeof(*(a)))
#define TOKEN       STAUTH_ALNUM "-_"
#define CODE_MAX    128
#define BRAND_SIZE  STAUTH_ORIGIN_SIZE
#define LINK_SIZE   (STAUTH_ORIGIN_SIZE + CODE_MAX + 32)
#define MINUTES_MAX 525600

/*
 * Every text that stauth mails, in one place. %b is the brand, %s the site's
 * address, %u the user's name, %m the minutes, %c the code; a paragraph "%c"
 * or "%l" is the code or the link, alone on its line. What is put in is
 * never expanded again.
 */
struct mail_text {
	enum stauth_mail_kind kind;
	const char *name; /* what the outbox keeps */
	const char *subject;
	const char *paragraphs[6]; /* up to the first NULL */
};

static const struct mail_text texts[] = {
	{STAUTH_MAIL_NONE, "", "", {NULL}},
	{STAUTH_MAIL_SIGNUP_PIN, "signup-pin", "%c is your code for %b",
		{"Your code for %b:", "%c",
			"Enter it on the page where you signed up.\n"
			"It expires in %m.",
			"If you did not sign up, ignore this mail:\n"
			"nothing happens without the code."}},
	{STAUTH_MAIL_SIGNUP_EXISTS, "signup-exists",
		"You already have an account at %b",
		{"Someone, probably you, signed up at %b with this address.\n"
		 "It already has an account, so nothing was changed.",
			"Sign in here:", "%l",
			"If you forgot your password, you can reset it there.",
			"If it was not you, ignore this mail."}},
	{STAUTH_MAIL_SIGNUP_WAITING, "signup-waiting",
		"A sign-up at %b waits for your approval",
		{"%u signed up at %b and confirmed the address.",
			"Approve or delete the sign-up here:", "%l",
			"There may be more of them than mails about them."}},
	{STAUTH_MAIL_SIGNUP_APPROVED, "signup-approved",
		"Your account at %b is ready",
		{"Your account %u at %b was approved.", "Sign in here:", "%l"}},
	{STAUTH_MAIL_RESET_LINK, "reset-link", "Choose a new password for %b",
		{"This link lets you choose a new password at %b\n"
		 "for your account %u:",
			"%l", "It can be used once and expires in %m.",
			"If you did not ask for it, ignore this mail:\n"
			"your password has not changed."}},
	{STAUTH_MAIL_RESET_ASK, "reset-ask", "Your password for %b",
		{"Someone, probably you, asked for a new password at %b\n"
		 "for your account %u.",
			"The password of this account cannot be reset by "
			"mail.\n"
			"Please ask your administrator for a new one.",
			"If it was not you, ignore this mail:\n"
			"your password has not changed."}},
	{STAUTH_MAIL_PASSWORD_CHANGED, "password-changed",
		"Your password for %b was changed",
		{"The password of your account %u at %b was changed.",
			"If it was you, no action is needed.",
			"If it was not you, tell your administrator "
			"immediately\n"
			"and reset your password on the sign-in page."}},
	{STAUTH_MAIL_EMAIL_PIN, "email-pin", "%c is your code for %b",
		{"Your code for %b:", "%c",
			"Enter it on the page where you changed the address\n"
			"of your account %u. It expires in %m.",
			"If it was not you, ignore this mail:\n"
			"nothing happens without the code."}},
	{STAUTH_MAIL_EMAIL_EXISTS, "email-exists", "Your address at %b",
		{"Someone, probably you, wanted to use this address for\n"
		 "another account at %b. It already has an account,\n"
		 "so nothing was changed.",
			"If it was not you, ignore this mail."}},
	{STAUTH_MAIL_EMAIL_CHANGED, "email-changed",
		"Your e-mail address at %b was changed",
		{"The e-mail address of your account %u at %b was changed.\n"
		 "It is no longer this one.",
			"If it was you, no action is needed.",
			"If it was not you, tell your administrator "
			"immediately."}},
	{STAUTH_MAIL_NAME_CHANGED, "name-changed",
		"Your name at %b was changed",
		{"The name that your account %u at %b shows was changed.",
			"If it was you, no action is needed.",
			"If it was not you, tell your administrator "
			"immediately."}},
	{STAUTH_MAIL_NEW_DEVICE, "new-device",
		"New sign-in to your account at %b",
		{"Someone signed in to your account %u at %b\n"
		 "from a device that was not used before.",
			"If it was you, no action is needed.",
			"If it was not you, change your password immediately\n"
			"and tell your administrator."}},
	{STAUTH_MAIL_TEST, "test", "Test mail from %b",
		{"This is a test mail from %b.",
			"If you can read it, mail works."}},
};

/* What a text is filled with. */
struct filling {
	const struct stauth_mail_params *params;
	const char *site; /* "" without PUBLIC_URL */
	char host[STAUTH_ORIGIN_SIZE];
	char brand[BRAND_SIZE];
	char minutes[32];
	char link[LINK_SIZE];
};

const char *stauth_mail_kind_name(enum stauth_mail_kind kind)
{
	return (size_t)kind < COUNT(texts) ? texts[kind].name : "";
}

enum stauth_rc stauth_mail_kind_parse(
	const char *name, enum stauth_mail_kind *ret_kind)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (strcmp(texts[i].name, name) == 0) {
			*ret_kind = texts[i].kind;
			return STAUTH_OK;
		}
	}
	return STAUTH_BADVALUE;
}

/* "app.example.com" of "https://app.example.com:8443". */
static void host_of(const char *site, char out[STAUTH_ORIGIN_SIZE])
{
	const char *host = strstr(site, "://");

	host = host != NULL ? host + 3 : site;
	size_t len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	snprintf(out, STAUTH_ORIGIN_SIZE, "%.*s", (int)len, host);
}

static bool all_of(const char *value, const char *allowed)
{
	size_t len = value != NULL ? strlen(value) : 0;

	return len > 0 && len <= CODE_MAX && strspn(value, allowed) == len;
}

/* A name is shown as it is, so it must be fit to be shown. */
static bool name_ok(const char *name)
{
	if (name == NULL || strlen(name) > 254 ||
		!stauth_utf8_valid(name, strlen(name))) {
		return false;
	}
	for (; *name; name++) {
		if ((unsigned char)*name < 0x20 || *name == 0x7f) {
			return false;
		}
	}
	return true;
}

static enum stauth_rc check_params(
	const struct stauth_mail_params *params, struct stauth_err *err)
{
	bool pin = params->kind == STAUTH_MAIL_SIGNUP_PIN ||
		   params->kind == STAUTH_MAIL_EMAIL_PIN;
	bool link = params->kind == STAUTH_MAIL_RESET_LINK;
	const char *wrong = NULL;

	if (params->kind == STAUTH_MAIL_NONE ||
		(size_t)params->kind >= COUNT(texts)) {
		wrong = "unknown kind of mail";
	} else if (params->to == NULL || !stauth_address_ok(params->to)) {
		wrong = "the recipient's address is invalid";
	} else if ((pin && !all_of(params->code, STAUTH_DIGITS)) ||
		   (link && !all_of(params->code, TOKEN))) {
		wrong = "the mail's code is invalid";
	} else if ((pin || link) &&
		   (params->minutes < 1 || params->minutes > MINUTES_MAX)) {
		wrong = "the mail's code has no lifetime";
	} else if (params->user != NULL && !name_ok(params->user)) {
		wrong = "the user's name is invalid";
	} else if (!all_of(params->message, TOKEN ".") ||
		   params->message[0] == '.') {
		wrong = "the mail has no Message-ID";
	}
	return wrong == NULL ? STAUTH_OK
			     : stauth_fail(err, STAUTH_BADVALUE, "%s", wrong);
}

static bool needs_site(enum stauth_mail_kind kind)
{
	return kind == STAUTH_MAIL_RESET_LINK ||
	       kind == STAUTH_MAIL_SIGNUP_EXISTS ||
	       kind == STAUTH_MAIL_SIGNUP_WAITING ||
	       kind == STAUTH_MAIL_SIGNUP_APPROVED;
}

static enum stauth_rc fill(const struct stauth_config *config,
	const struct stauth_mail_params *params, struct filling *filling,
	struct stauth_err *err)
{
	const char *from = config->notification_from_email;

	if (!stauth_address_ok(from)) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"NOTIFICATION_FROM_EMAIL is %s",
			from[0] ? "not a plain address" : "not set");
	}
	if (config->public_url_count == 0 && needs_site(params->kind)) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "PUBLIC_URL is not set");
	}
	filling->params = params;
	filling->site = config->public_url_count > 0
				? config->public_urls[0].origin
				: "";
	host_of(filling->site[0] ? filling->site : strchr(from, '@') + 1,
		filling->host);
	snprintf(filling->brand, sizeof(filling->brand), "%s",
		config->brand_name[0] ? config->brand_name : filling->host);
	snprintf(filling->minutes, sizeof(filling->minutes), "%d minute%s",
		params->minutes, params->minutes == 1 ? "" : "s");
	if (params->kind == STAUTH_MAIL_RESET_LINK) {
		snprintf(filling->link, sizeof(filling->link),
			"%s/auth/reset?token=%s", filling->site, params->code);
	} else {
		snprintf(filling->link, sizeof(filling->link), "%s/auth/%s",
			filling->site,
			params->kind == STAUTH_MAIL_SIGNUP_WAITING ? "admin"
								   : "login");
	}
	return STAUTH_OK;
}

static const char *value_of(const struct filling *filling, char mark)
{
	switch (mark) {
	case 'b':
		return filling->brand;
	case 'u':
		return filling->params->user != NULL ? filling->params->user
						     : "";
	case 'm':
		return filling->minutes;
	case 'c':
		return filling->params->code;
	case 'l':
		return filling->link;
	default:
		return filling->site;
	}
}

static void add_escaped(struct stauth_buf *out, const char *text)
{
	for (; *text; text++) {
		char one[2] = {*text, '\0'};

		if (*text == '\n') {
			stauth_buf_add(out, "<br>\n");
		} else {
			stauth_buf_add_html(out, one);
		}
	}
}

static void add_filled(struct stauth_buf *out, const struct filling *filling,
	const char *text, bool html)
{
	for (; *text; text++) {
		char one[2] = {*text, '\0'};
		const char *value =
			*text == '%' ? value_of(filling, *++text) : one;

		if (html) {
			add_escaped(out, value);
		} else {
			stauth_buf_add(out, value);
		}
	}
}

static void add_html_paragraph(
	struct stauth_buf *out, const struct filling *filling, const char *text)
{
	if (strcmp(text, "%l") == 0) {
		stauth_buf_add(out, "<p><a href=\"");
		stauth_buf_add_html(out, filling->link);
		stauth_buf_add(out, "\">");
		stauth_buf_add_html(out, filling->link);
		stauth_buf_add(out, "</a></p>\n");
		return;
	}
	stauth_buf_add(
		out, strcmp(text, "%c") == 0
			     ? "<p style=\"font-size:1.5em;font-weight:bold\">"
			     : "<p>");
	add_filled(out, filling, text, true);
	stauth_buf_add(out, "</p>\n");
}

/* A builder over an array of ours: as it is full size from the start, it
 * never grows, and leaves no copy of a code behind. */
static struct stauth_buf over(char *array, size_t size)
{
	array[0] = '\0';
	return (struct stauth_buf){.data = array, .cap = size, .max = size - 1};
}

static bool write_mail(const struct mail_text *wanted,
	const struct filling *filling, struct stauth_composed *out)
{
	struct stauth_buf subject = over(out->subject, sizeof(out->subject));
	struct stauth_buf text = over(out->text, sizeof(out->text));
	struct stauth_buf html = over(out->html, sizeof(out->html));

	add_filled(&subject, filling, wanted->subject, false);
	stauth_buf_add(&html, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
			      "<meta charset=\"utf-8\"><title>");
	add_filled(&html, filling, wanted->subject, true);
	stauth_buf_add(&html, "</title></head>\n<body>\n");
	for (size_t i = 0; wanted->paragraphs[i] != NULL; i++) {
		if (i > 0) {
			stauth_buf_add(&text, "\n");
		}
		add_filled(&text, filling, wanted->paragraphs[i], false);
		stauth_buf_add(&text, "\n");
		add_html_paragraph(&html, filling, wanted->paragraphs[i]);
	}
	stauth_buf_add(&html, "</body></html>\n");
	return stauth_buf_ok(&subject) && stauth_buf_ok(&text) &&
	       stauth_buf_ok(&html);
}

enum stauth_rc stauth_compose(const struct stauth_config *config,
	const struct stauth_mail_params *params,
	struct stauth_composed *ret_composed, struct stauth_err *err)
{
	enum stauth_rc rc = check_params(params, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct filling filling = {0};
	rc = fill(config, params, &filling, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_composed *out = ret_composed;
	bool whole = write_mail(&texts[params->kind], &filling, out);
	snprintf(out->message_id, sizeof(out->message_id), "%s@%.180s",
		params->message, filling.host);
	stauth_wipe(&filling, sizeof(filling));
	out->mail = (struct stauth_mail_message){
		.from = config->notification_from_email,
		.from_name = config->brand_name,
		.to = params->to,
		.subject = out->subject,
		.text = out->text,
		.html = out->html,
		.message_id = out->message_id,
		.date_at = params->date_at,
	};
	rc = whole ? stauth_mail_check(&out->mail, err)
		   : stauth_fail(err, STAUTH_BADVALUE, "the mail is too long");
	if (rc != STAUTH_OK) {
		stauth_composed_finish(out);
	}
	return rc;
}

void stauth_composed_finish(struct stauth_composed *composed)
{
	stauth_wipe(composed, sizeof(*composed));
}
