/* SPDX-License-Identifier: MIT */
/*
 * libcurl speaks SMTP, and this file reads along, so both MUST read a reply
 * alike.
 *
 * 1. Credentials and mails MUST go over TLS only, except to loopback.
 * 2. With credentials configured, nothing MUST be sent before the server
 *    offered AUTH and replied 235 to it: libcurl would send the mail all the
 *    same.
 * 3. A mail counts as accepted only by a positive reply after its last byte.
 *    From that byte on, only a refusal MUST count as "not accepted"; all else
 *    is EUNKNOWN.
 * 4. What a server replies MUST be bounded, and fit for a log before it is
 *    reported.
 */
#include "mail/smtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "config/config.h"
#include "mail/mime.h"
#include "mail/transfer.h"

#include "base/banned.h"

#define REPLIES_MAX (64 * 1024)
#define LINE_SIZE   256

struct smtp_mailer {
	struct stauth_mailer base;
	const struct stauth_config *config;
	bool starttls;
	char *url;
};

/* What the next reply will be about. */
enum stage {
	GREETING,
	EHLO,
	STARTTLS,
	AUTH,
	MAIL,
	RCPT,
	DATA,
	FINAL,
	OVER,
};

struct dialogue {
	const struct smtp_mailer *smtp;
	struct stauth_transfer transfer;
	struct stauth_buf text;
	size_t sent;  /* bytes of text that libcurl took */
	bool decided; /* the mail was refused: what follows is a farewell */
	enum stage stage;
	bool secure; /* STARTTLS is done, or not needed */
	bool auth_offered;
	bool auth_missing;
	size_t received;
	int code; /* of the last whole reply */
	char line[LINE_SIZE];
};

static bool all_sent(const struct dialogue *dialogue)
{
	return dialogue->text.len > 0 && dialogue->sent == dialogue->text.len;
}

static bool has_login(const struct smtp_mailer *smtp)
{
	return smtp->config->smtp_user[0] != '\0';
}

/* The stage after an EHLO or HELO that was accepted. */
static enum stage after_hello(const struct dialogue *dialogue)
{
	if (!dialogue->secure) {
		return STARTTLS;
	}
	return has_login(dialogue->smtp) ? AUTH : MAIL;
}

static enum stage next_stage(struct dialogue *dialogue)
{
	bool positive = dialogue->code / 100 == 2;

	switch (dialogue->stage) {
	case GREETING:
		return positive ? EHLO : GREETING;
	case EHLO:
		/* Refused: libcurl may say HELO, whose reply is the same. */
		return positive ? after_hello(dialogue) : EHLO;
	case STARTTLS:
		dialogue->secure = dialogue->code == 220;
		dialogue->auth_offered = false;
		return dialogue->secure ? EHLO : STARTTLS;
	case AUTH:
		return dialogue->code == 235 ? MAIL : AUTH;
	case MAIL:
		return positive ? RCPT : MAIL;
	case RCPT:
		return positive ? DATA : RCPT;
	case DATA:
		return dialogue->code == 354 ? FINAL : DATA;
	case FINAL:
		/* 221 closes the connection, and accepts nothing. */
		return positive && dialogue->code != 221 && all_sent(dialogue)
			       ? OVER
			       : FINAL;
	case OVER:
		break;
	}
	return OVER;
}

/* AUTH is missing if it was not offered, or if the reply to what should have
 * been AUTH belongs to another command. */
static bool auth_is_missing(const struct dialogue *dialogue, enum stage before)
{
	if (dialogue->stage != AUTH) {
		return false;
	}
	return !dialogue->auth_offered ||
	       (before == AUTH && dialogue->code != 334 &&
		       dialogue->code < 400);
}

/* One line of a reply, as libcurl takes it: "250-text", "250 text" or "250",
 * all else is none; the words of EHLO are compared with their case. false
 * ends the transfer. */
static bool read_line(struct dialogue *dialogue, const char *line, size_t len)
{
	if (len < 4 || !stauth_is_digit(line[0]) || !stauth_is_digit(line[1]) ||
		!stauth_is_digit(line[2])) {
		return true;
	}
	/* After a refusal libcurl says QUIT, which 221 answers. */
	if (dialogue->stage == OVER || dialogue->decided ||
		(dialogue->code >= 400 && memcmp(line, "221", 3) == 0)) {
		return true;
	}
	if (dialogue->stage == EHLO && len >= 9 &&
		memcmp(line + 4, "AUTH ", 5) == 0) {
		dialogue->auth_offered = true;
	}
	if (line[3] != ' ' && len != 5) {
		return true;
	}
	snprintf(dialogue->line, sizeof(dialogue->line), "%.*s",
		(int)(len < LINE_SIZE ? len : LINE_SIZE - 1), line);
	dialogue->code =
		(line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	dialogue->decided = dialogue->stage >= MAIL && dialogue->code >= 400;
	enum stage before = dialogue->stage;
	dialogue->stage = next_stage(dialogue);
	dialogue->transfer.done = dialogue->stage == OVER || dialogue->decided;
	dialogue->auth_missing = auth_is_missing(dialogue, before);
	return !dialogue->auth_missing;
}

static size_t receive(char *data, size_t size, size_t count, void *user)
{
	struct dialogue *dialogue = user;
	size_t len = size * count;

	dialogue->received += len;
	if (dialogue->received > REPLIES_MAX ||
		!read_line(dialogue, data, len)) {
		return 0;
	}
	return len;
}

static size_t give_text(char *out, size_t size, size_t count, void *user)
{
	struct dialogue *dialogue = user;
	size_t left = dialogue->text.len - dialogue->sent;
	size_t n = size * count < left ? size * count : left;

	if (dialogue->stage != FINAL) {
		return CURL_READFUNC_ABORT;
	}
	memcpy(out, dialogue->text.data + dialogue->sent, n);
	dialogue->sent += n;
	return n;
}

static CURLcode set_smtp(struct dialogue *dialogue, struct curl_slist *to,
	const struct stauth_mail_message *mail)
{
	const struct smtp_mailer *smtp = dialogue->smtp;
	CURL *curl = dialogue->transfer.curl;
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(curl, CURLOPT_USE_SSL,
		(long)(smtp->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	if (has_login(smtp)) {
		bad |= curl_easy_setopt(
			curl, CURLOPT_USERNAME, smtp->config->smtp_user);
		bad |= curl_easy_setopt(
			curl, CURLOPT_PASSWORD, smtp->config->smtp_password);
	}
	bad |= curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
	bad |= curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	bad |= curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	bad |= curl_easy_setopt(
		curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)dialogue->text.len);
	bad |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_text);
	bad |= curl_easy_setopt(curl, CURLOPT_READDATA, dialogue);
	bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive);
	bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, dialogue);
	return bad;
}

/* A negative reply, by its stage: is it about this mail, or about us? */
static enum stauth_rc refused(
	const struct dialogue *dialogue, struct stauth_err *err)
{
	enum stauth_rc rc = STAUTH_REFUSED;
	int code = dialogue->code;

	if (code < 500) {
		rc = STAUTH_EBUSY;
	} else if (dialogue->stage == AUTH || code == 530 || code == 535) {
		rc = STAUTH_EDENIED;
	} else if (dialogue->stage < MAIL ||
		   (dialogue->stage == MAIL && code != 552)) {
		rc = STAUTH_ECONFIG;
	}
	/* A server that refuses credentials may quote them. */
	if (dialogue->stage == AUTH) {
		return stauth_fail(err, rc, "SMTP log-in refused: %d", code);
	}
	char reply[STAUTH_REPLY_EXCERPT_SIZE];
	stauth_reply_excerpt(reply,
		strlen(dialogue->line) > 4 ? dialogue->line + 4 : "",
		dialogue->smtp->config->smtp_password);
	return stauth_fail(err, rc, "SMTP: %d %s", code, reply);
}

static enum stauth_rc judge(
	const struct dialogue *dialogue, CURLcode code, struct stauth_err *err)
{
	if (dialogue->stage == OVER) {
		return STAUTH_OK;
	}
	if (dialogue->auth_missing) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SMTP_USER is set, but the server offers no log-in");
	}
	if (dialogue->code >= 400) {
		return refused(dialogue, err);
	}
	if (all_sent(dialogue) || code == CURLE_OK) {
		return stauth_fail(err, STAUTH_EUNKNOWN,
			"SMTP: no clear reply after the mail: %s",
			curl_easy_strerror(code));
	}
	if (code == CURLE_LOGIN_DENIED) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SMTP: the server offers no way of log-in that works");
	}
	return stauth_transfer_fault(&dialogue->transfer, code, "SMTP", err);
}

static enum stauth_rc converse(struct dialogue *dialogue,
	const struct stauth_mail_message *mail, struct stauth_err *err)
{
	struct curl_slist *to = curl_slist_append(NULL, mail->to);
	if (to == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc = stauth_transfer_open(
		&dialogue->transfer, dialogue->smtp->url, "smtp,smtps", err);
	if (rc != STAUTH_OK) {
		goto out;
	}
	if (set_smtp(dialogue, to, mail) == CURLE_OK) {
		CURLcode code = curl_easy_perform(dialogue->transfer.curl);
		rc = judge(dialogue, code, err);
	} else {
		rc = stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	stauth_transfer_close(&dialogue->transfer);
out:
	curl_slist_free_all(to);
	return rc;
}

static enum stauth_rc smtp_send(struct stauth_mailer *mailer,
	const struct stauth_mail_message *mail, int64_t *ret_retry_after_s,
	struct stauth_err *err)
{
	const struct smtp_mailer *smtp = (const struct smtp_mailer *)mailer;
	struct dialogue dialogue = {
		.smtp = smtp,
		.secure = !smtp->starttls,
	};
	enum stauth_rc rc = stauth_mime_format(mail, &dialogue.text, err);

	*ret_retry_after_s = 0;
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = converse(&dialogue, mail, err);
	stauth_mime_finish(&dialogue.text);
	return rc;
}

static void smtp_close(struct stauth_mailer *mailer)
{
	struct smtp_mailer *smtp = (struct smtp_mailer *)mailer;

	free(smtp->url);
	free(smtp);
	curl_global_cleanup();
}

static const struct stauth_mailer_ops smtp_ops = {
	.name = "SMTP",
	.send = smtp_send,
	.close = smtp_close,
};

/* EHLO wants a real name; libcurl takes it from the path. */
static char *with_name(const char *url, bool has_path, const char *from)
{
	size_t len = strlen(url);

	if (has_path) {
		return strdup(url);
	}
	char *whole = NULL;
	if (asprintf(&whole, "%s%s%s", url, url[len - 1] == '/' ? "" : "/",
		    strchr(from, '@') + 1) < 0) {
		return NULL;
	}
	return whole;
}

enum stauth_rc stauth_smtp_mailer_open(const struct stauth_config *config,
	struct stauth_mailer **ret_mailer, struct stauth_err *err)
{
	const struct stauth_endpoint_rules rules = {
		"SMTP_URL", "smtp", "smtps"};
	struct stauth_endpoint endpoint;
	enum stauth_rc rc =
		stauth_endpoint_parse(config->smtp_url, &rules, &endpoint, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if ((config->smtp_user[0] == '\0') !=
		(config->smtp_password[0] == '\0')) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SMTP_USER and SMTP_PASSWORD must be set together");
	}
	struct smtp_mailer *smtp = calloc(1, sizeof(*smtp));
	if (smtp == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(smtp);
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	smtp->base.ops = &smtp_ops;
	smtp->config = config;
	smtp->starttls = !endpoint.tls && !endpoint.loopback;
	smtp->url = with_name(config->smtp_url, endpoint.has_path,
		config->notification_from_email);
	if (smtp->url == NULL) {
		smtp_close(&smtp->base);
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	*ret_mailer = &smtp->base;
	return STAUTH_OK;
}
