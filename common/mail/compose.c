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
#include "mail/words.h"

#include "base/banned.h"

#define COUNT(a)    (sizeof(a) / sizeof(*(a)))
#define TOKEN       STAUTH_ALNUM "-_"
#define CODE_MAX    128
#define BRAND_SIZE  STAUTH_ORIGIN_SIZE
#define LINK_SIZE   (STAUTH_ORIGIN_SIZE + CODE_MAX + 32)
#define MINUTES_MAX 525600

/* What the words are filled with. */
struct filling {
	const struct stauth_mail_params *facts;
	const char *site; /* "" without PUBLIC_URL */
	char host[STAUTH_ORIGIN_SIZE];
	char brand[BRAND_SIZE];
	char minutes[32];
	char link[LINK_SIZE];
};

const char *stauth_mail_kind_name(enum stauth_mail_kind kind)
{
	return (size_t)kind < COUNT(stauth_words) ? stauth_words[kind].name
						  : "";
}

enum stauth_rc stauth_mail_kind_parse(
	const char *name, enum stauth_mail_kind *ret_kind)
{
	for (size_t i = 0; i < COUNT(stauth_words); i++) {
		if (strcmp(stauth_words[i].name, name) == 0) {
			*ret_kind = stauth_words[i].kind;
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

static enum stauth_rc check_facts(
	const struct stauth_mail_params *facts, struct stauth_err *err)
{
	bool pin = facts->kind == STAUTH_MAIL_SIGNUP_PIN;
	bool link = facts->kind == STAUTH_MAIL_RESET_LINK;

	if (facts->kind == STAUTH_MAIL_NONE ||
		(size_t)facts->kind >= COUNT(stauth_words)) {
		return stauth_fail(err, STAUTH_BADVALUE, "no kind of letter");
	}
	if (facts->to == NULL || !stauth_address_ok(facts->to)) {
		return stauth_fail(
			err, STAUTH_BADVALUE, "the receiver's address is none");
	}
	if ((pin && !all_of(facts->code, STAUTH_DIGITS)) ||
		(link && !all_of(facts->code, TOKEN))) {
		return stauth_fail(
			err, STAUTH_BADVALUE, "the letter's code is none");
	}
	if ((pin || link) &&
		(facts->minutes < 1 || facts->minutes > MINUTES_MAX)) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"the letter's code does not work");
	}
	if (facts->user != NULL && !name_ok(facts->user)) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"the user's name cannot be written");
	}
	if (!all_of(facts->message, TOKEN ".") || facts->message[0] == '.') {
		return stauth_fail(
			err, STAUTH_BADVALUE, "the letter has no identity");
	}
	return STAUTH_OK;
}

static bool needs_site(enum stauth_mail_kind kind)
{
	return kind == STAUTH_MAIL_RESET_LINK ||
	       kind == STAUTH_MAIL_SIGNUP_EXISTS;
}

static enum stauth_rc fill(const struct stauth_config *config,
	const struct stauth_mail_params *facts, struct filling *filling,
	struct stauth_err *err)
{
	const char *from = config->notification_from_email;

	if (!stauth_address_ok(from)) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"NOTIFICATION_FROM_EMAIL is %s",
			from[0] ? "no bare address" : "not set");
	}
	if (config->public_url_count == 0 && needs_site(facts->kind)) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "PUBLIC_URL is not set");
	}
	filling->facts = facts;
	filling->site = config->public_url_count > 0
				? config->public_urls[0].origin
				: "";
	host_of(filling->site[0] ? filling->site : strchr(from, '@') + 1,
		filling->host);
	snprintf(filling->brand, sizeof(filling->brand), "%s",
		config->brand_name[0] ? config->brand_name : filling->host);
	snprintf(filling->minutes, sizeof(filling->minutes), "%d minute%s",
		facts->minutes, facts->minutes == 1 ? "" : "s");
	if (facts->kind == STAUTH_MAIL_RESET_LINK) {
		snprintf(filling->link, sizeof(filling->link),
			"%s/auth/reset?token=%s", filling->site, facts->code);
	} else {
		snprintf(filling->link, sizeof(filling->link), "%s/auth/login",
			filling->site);
	}
	return STAUTH_OK;
}

static const char *value_of(const struct filling *filling, char mark)
{
	switch (mark) {
	case 'b':
		return filling->brand;
	case 'u':
		return filling->facts->user != NULL ? filling->facts->user : "";
	case 'm':
		return filling->minutes;
	case 'c':
		return filling->facts->code;
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
	const char *words, bool html)
{
	for (; *words; words++) {
		char one[2] = {*words, '\0'};
		const char *text = one;

		if (*words == '%') {
			words++;
			text = value_of(filling, *words);
		}
		if (html) {
			add_escaped(out, text);
		} else {
			stauth_buf_add(out, text);
		}
	}
}

static void add_html_paragraph(struct stauth_buf *out,
	const struct filling *filling, const char *words)
{
	if (strcmp(words, "%l") == 0) {
		stauth_buf_add(out, "<p><a href=\"");
		stauth_buf_add_html(out, filling->link);
		stauth_buf_add(out, "\">");
		stauth_buf_add_html(out, filling->link);
		stauth_buf_add(out, "</a></p>\n");
		return;
	}
	stauth_buf_add(
		out, strcmp(words, "%c") == 0
			     ? "<p style=\"font-size:1.5em;font-weight:bold\">"
			     : "<p>");
	add_filled(out, filling, words, true);
	stauth_buf_add(out, "</p>\n");
}

/* A builder over an array of ours: as it is full size from the start, it
 * never grows, and leaves no copy of a code behind. */
static struct stauth_buf over(char *array, size_t size)
{
	array[0] = '\0';
	return (struct stauth_buf){.data = array, .cap = size, .max = size - 1};
}

static bool write_letter(const struct stauth_words *words,
	const struct filling *filling, struct stauth_composed *out)
{
	struct stauth_buf subject = over(out->subject, sizeof(out->subject));
	struct stauth_buf text = over(out->text, sizeof(out->text));
	struct stauth_buf html = over(out->html, sizeof(out->html));

	add_filled(&subject, filling, words->subject, false);
	stauth_buf_add(&html, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
			      "<meta charset=\"utf-8\"><title>");
	add_filled(&html, filling, words->subject, true);
	stauth_buf_add(&html, "</title></head>\n<body>\n");
	for (size_t i = 0; words->paragraphs[i] != NULL; i++) {
		if (i > 0) {
			stauth_buf_add(&text, "\n");
		}
		add_filled(&text, filling, words->paragraphs[i], false);
		stauth_buf_add(&text, "\n");
		add_html_paragraph(&html, filling, words->paragraphs[i]);
	}
	stauth_buf_add(&html, "</body></html>\n");
	return stauth_buf_ok(&subject) && stauth_buf_ok(&text) &&
	       stauth_buf_ok(&html);
}

enum stauth_rc stauth_compose(const struct stauth_config *config,
	const struct stauth_mail_params *facts,
	struct stauth_composed *ret_composed, struct stauth_err *err)
{
	struct filling filling = {0};
	enum stauth_rc rc = check_facts(facts, err);

	if (rc == STAUTH_OK) {
		rc = fill(config, facts, &filling, err);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	struct stauth_composed *out = ret_composed;
	if (!write_letter(&stauth_words[facts->kind], &filling, out)) {
		rc = stauth_fail(
			err, STAUTH_BADVALUE, "the letter is too long");
	}
	snprintf(out->message_id, sizeof(out->message_id), "%s@%.180s",
		facts->message, filling.host);
	out->letter = (struct stauth_mail_message){
		.from = config->notification_from_email,
		.from_name = config->brand_name,
		.to = facts->to,
		.subject = out->subject,
		.text = out->text,
		.html = out->html,
		.message_id = out->message_id,
		.date_at = facts->date_at,
	};
	stauth_wipe(&filling, sizeof(filling));
	if (rc == STAUTH_OK) {
		rc = stauth_mail_check(&out->letter, err);
	}
	if (rc != STAUTH_OK) {
		stauth_composed_finish(out);
	}
	return rc;
}

void stauth_composed_finish(struct stauth_composed *composed)
{
	stauth_wipe(composed, sizeof(*composed));
}
