/* SPDX-License-Identifier: MIT */
/*
 * 1. Credentials and letters MUST go over TLS only, except to loopback.
 * 2. With credentials configured, nothing MUST be sent before the server
 *    offered AUTH and said 235: libcurl would send the letter all the same.
 * 3. A letter counts as accepted only by a positive reply after its last
 *    byte; without a reply it MAY be accepted (EUNKNOWN), before it is not.
 * 4. What a server says MUST be bounded, and fit for a log before it is told.
 */
#include "mail/smtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "mail/mime.h"
#include "mail/said.h"
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
	struct stauth_buf wire;
	size_t sent;  /* bytes of wire that libcurl took */
	bool decided; /* the letter was refused: what follows is farewell */
	enum stage stage;
	bool secure; /* STARTTLS is behind us, or not needed */
	bool auth_offered;
	bool auth_missing;
	size_t heard;
	int code; /* of the last whole reply */
	char line[LINE_SIZE];
};

static bool all_sent(const struct dialogue *dialogue)
{
	return dialogue->sent == dialogue->wire.len;
}

static bool has_login(const struct smtp_mailer *smtp)
{
	return smtp->config->smtp_user[0] != '\0';
}

/* The stage after an EHLO or HELO that was answered with yes. */
static enum stage after_hello(const struct dialogue *dialogue)
{
	if (!dialogue->secure) {
		return STARTTLS;
	}
	return has_login(dialogue->smtp) ? AUTH : MAIL;
}

static enum stage next_stage(struct dialogue *dialogue)
{
	bool yes = dialogue->code >= 200 && dialogue->code < 400;

	switch (dialogue->stage) {
	case GREETING:
		return yes ? EHLO : GREETING;
	case EHLO:
		/* Refused: libcurl may say HELO, whose reply is the same. */
		return yes ? after_hello(dialogue) : EHLO;
	case STARTTLS:
		dialogue->secure = yes;
		dialogue->auth_offered = false;
		return yes ? EHLO : STARTTLS;
	case AUTH:
		return dialogue->code == 235 ? MAIL : AUTH;
	case MAIL:
		return yes ? RCPT : MAIL;
	case RCPT:
		return yes ? DATA : RCPT;
	case DATA:
		return dialogue->code == 354 ? FINAL : DATA;
	case FINAL:
		return yes && all_sent(dialogue) ? OVER : FINAL;
	case OVER:
		break;
	}
	return OVER;
}

/* One line of a reply; false ends the transfer. */
static bool hear_line(struct dialogue *dialogue, const char *line, size_t len)
{
	bool last = len < 4 || line[3] != '-';

	/* 221 answers QUIT, which libcurl says by itself when it gives up. */
	if (dialogue->stage == OVER || dialogue->decided ||
		strncmp(line, "221", 3) == 0) {
		return true;
	}
	if (dialogue->stage == EHLO && len > 8 &&
		strncasecmp(line + 4, "AUTH ", 5) == 0) {
		dialogue->auth_offered = true;
	}
	if (!last) {
		return true;
	}
	snprintf(dialogue->line, sizeof(dialogue->line), "%.*s",
		(int)(len < LINE_SIZE ? len : LINE_SIZE - 1), line);
	dialogue->code = 0;
	(void)sscanf(dialogue->line, "%3d", &dialogue->code);
	dialogue->decided = dialogue->stage >= MAIL && dialogue->code >= 400;
	dialogue->stage = next_stage(dialogue);
	dialogue->transfer.done = dialogue->stage == OVER || dialogue->decided;
	if (dialogue->stage == AUTH && !dialogue->auth_offered) {
		dialogue->auth_missing = true;
		return false;
	}
	return true;
}

static size_t hear(char *data, size_t size, size_t count, void *user)
{
	struct dialogue *dialogue = user;
	size_t len = size * count;

	dialogue->heard += len;
	if (dialogue->heard > REPLIES_MAX || !hear_line(dialogue, data, len)) {
		return 0;
	}
	return len;
}

static size_t speak(char *out, size_t size, size_t count, void *user)
{
	struct dialogue *dialogue = user;
	size_t left = dialogue->wire.len - dialogue->sent;
	size_t n = size * count < left ? size * count : left;

	if (dialogue->stage != FINAL) {
		return CURL_READFUNC_ABORT;
	}
	memcpy(out, dialogue->wire.data + dialogue->sent, n);
	dialogue->sent += n;
	return n;
}

static CURLcode set_smtp(struct dialogue *dialogue, struct curl_slist *to,
	const struct stauth_mail_message *letter)
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
	bad |= curl_easy_setopt(curl, CURLOPT_MAIL_FROM, letter->from);
	bad |= curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	bad |= curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	bad |= curl_easy_setopt(
		curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)dialogue->wire.len);
	bad |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, speak);
	bad |= curl_easy_setopt(curl, CURLOPT_READDATA, dialogue);
	bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, hear);
	bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, dialogue);
	return bad;
}

/* A reply that says no, by its stage: is it about this letter, or us? */
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
	char said[STAUTH_SAID_SIZE];
	stauth_said(said, strlen(dialogue->line) > 4 ? dialogue->line + 4 : "",
		dialogue->smtp->config->smtp_password);
	return stauth_fail(err, rc, "SMTP: %d %s", code, said);
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
	if (dialogue->stage == FINAL && all_sent(dialogue)) {
		return stauth_fail(err, STAUTH_EUNKNOWN,
			"SMTP: no reply after the letter: %s",
			curl_easy_strerror(code));
	}
	if (code == CURLE_LOGIN_DENIED) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SMTP: the server offers no way of log-in that works");
	}
	if (code == CURLE_OK) {
		return stauth_fail(
			err, STAUTH_EUNREACHABLE, "SMTP: an odd dialogue");
	}
	return stauth_transfer_fault(&dialogue->transfer, code, "SMTP", err);
}

static enum stauth_rc converse(struct dialogue *dialogue,
	const struct stauth_mail_message *letter, struct stauth_err *err)
{
	const struct smtp_mailer *smtp = dialogue->smtp;
	struct curl_slist *to = curl_slist_append(NULL, letter->to);

	if (to == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	enum stauth_rc rc = stauth_transfer_open(
		&dialogue->transfer, smtp->url, "smtp,smtps", err);
	if (rc == STAUTH_OK) {
		rc = set_smtp(dialogue, to, letter) == CURLE_OK
			     ? judge(dialogue,
				       curl_easy_perform(
					       dialogue->transfer.curl),
				       err)
			     : stauth_fail(err, STAUTH_ENOMEM, "out of memory");
		stauth_transfer_close(&dialogue->transfer);
	}
	curl_slist_free_all(to);
	return rc;
}

static enum stauth_rc smtp_send(struct stauth_mailer *mailer,
	const struct stauth_mail_message *letter, int64_t *ret_retry_after_s,
	struct stauth_err *err)
{
	const struct smtp_mailer *smtp = (const struct smtp_mailer *)mailer;
	struct dialogue dialogue = {
		.smtp = smtp,
		.secure = !smtp->starttls,
	};
	enum stauth_rc rc = stauth_mail_format(letter, &dialogue.wire, err);

	*ret_retry_after_s = 0;
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = converse(&dialogue, letter, err);
	stauth_mail_format_finish(&dialogue.wire);
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
	struct stauth_endpoint endpoint;
	enum stauth_rc rc = stauth_endpoint_parse(
		config->smtp_url, "smtp", "smtps", "SMTP_URL", &endpoint, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if ((config->smtp_user[0] == '\0') !=
		(config->smtp_password[0] == '\0')) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SMTP_USER and SMTP_PASSWORD go together");
	}
	struct smtp_mailer *smtp;
	smtp = calloc(1, sizeof(*smtp));
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
