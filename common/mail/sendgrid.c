/* SPDX-License-Identifier: MIT */
/*
 * 1. The key MUST go over https only, except to loopback, and never into a
 *    message of ours.
 * 2. Only 202, or an empty 200 or 201, MUST count as accepted: a page that
 *    somebody in between shows is none.
 * 3. There is no idempotency key, so nothing is sent again here.
 */
#include "mail/sendgrid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <jansson.h>

#include "base/secret.h"
#include "config/config.h"
#include "mail/http.h"
#include "mail/mime.h"
#include "mail/transfer.h"

#include "base/banned.h"

struct sendgrid_mailer {
	struct stauth_mailer base;
	const struct stauth_config *config;
	char *url;
};

static json_t *person(const char *address, const char *name)
{
	return name[0] ? json_pack("{s:s, s:s}", "email", address, "name", name)
		       : json_pack("{s:s}", "email", address);
}

/* The link in a mail must not be led through somebody's counter. */
static json_t *no_tracking(void)
{
	return json_pack("{s:{s:b, s:b}, s:{s:b}, s:{s:b}}", "click_tracking",
		"enable", 0, "enable_text", 0, "open_tracking", "enable", 0,
		"subscription_tracking", "enable", 0);
}

/* NULL: out of memory. Wipe and free. */
static char *request_of(const struct stauth_mail_message *mail)
{
	json_t *root = json_pack(
		"{s:[{s:[o]}], s:o, s:s, s:[{s:s, s:s}, {s:s, s:s}], s:o}",
		"personalizations", "to", person(mail->to, ""), "from",
		person(mail->from, mail->from_name), "subject", mail->subject,
		"content", "type", "text/plain", "value", mail->text, "type",
		"text/html", "value", mail->html, "tracking_settings",
		no_tracking());
	char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;

	json_decref(root);
	return text;
}

/* errors[0].message, or "". */
static void read_error(const struct stauth_http_reply *reply, const char *key,
	char out[STAUTH_REPLY_EXCERPT_SIZE])
{
	json_t *root = json_loadb(
		stauth_buf_str(&reply->body), reply->body.len, 0, NULL);
	json_t *first = json_array_get(json_object_get(root, "errors"), 0);
	const char *message =
		json_string_value(json_object_get(first, "message"));

	stauth_reply_excerpt(out, message != NULL ? message : "", key);
	json_decref(root);
}

static enum stauth_rc class_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return STAUTH_EDENIED;
	case 404:
	case 405:
		return STAUTH_ECONFIG;
	case 408:
		return STAUTH_EUNREACHABLE;
	case 429:
		return STAUTH_EBUSY;
	default:
		break;
	}
	if (status >= 500) {
		return STAUTH_EUNREACHABLE;
	}
	return status >= 400 ? STAUTH_REFUSED : STAUTH_ECONFIG;
}

static bool accepted(const struct stauth_http_reply *reply)
{
	return reply->status == 202 ||
	       ((reply->status == 200 || reply->status == 201) &&
		       reply->body.len == 0);
}

static enum stauth_rc judge(const struct stauth_http_reply *reply,
	const char *key, struct stauth_err *err)
{
	if (accepted(reply)) {
		return STAUTH_OK;
	}
	if (reply->status < 400) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SENDGRID_URL answers %d, not as SendGrid does",
			reply->status);
	}
	char reason[STAUTH_REPLY_EXCERPT_SIZE];
	read_error(reply, key, reason);
	return stauth_fail(err, class_of(reply->status), "SendGrid: %d%s%s",
		reply->status, reason[0] ? " " : "", reason);
}

static enum stauth_rc sendgrid_send(struct stauth_mailer *mailer,
	const struct stauth_mail_message *mail, int64_t *ret_retry_after_s,
	struct stauth_err *err)
{
	const struct sendgrid_mailer *sendgrid =
		(const struct sendgrid_mailer *)mailer;
	const char *key = sendgrid->config->sendgrid_api_key;
	enum stauth_rc rc = stauth_mail_check(mail, err);

	*ret_retry_after_s = 0;
	if (rc != STAUTH_OK) {
		return rc;
	}
	char *json = request_of(mail);
	if (json == NULL) {
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	struct stauth_http_reply reply;
	rc = stauth_http_post(sendgrid->url, key, json, &reply, err);
	stauth_wipe(json, strlen(json));
	free(json);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = judge(&reply, key, err);
	if (rc == STAUTH_EBUSY || rc == STAUTH_EUNREACHABLE) {
		*ret_retry_after_s = reply.retry_after_s;
	}
	stauth_http_reply_finish(&reply);
	return rc;
}

static void sendgrid_close(struct stauth_mailer *mailer)
{
	struct sendgrid_mailer *sendgrid = (struct sendgrid_mailer *)mailer;

	free(sendgrid->url);
	free(sendgrid);
	curl_global_cleanup();
}

static const struct stauth_mailer_ops sendgrid_ops = {
	.name = "SENDGRID",
	.send = sendgrid_send,
	.close = sendgrid_close,
};

enum stauth_rc stauth_sendgrid_mailer_open(const struct stauth_config *config,
	struct stauth_mailer **ret_mailer, struct stauth_err *err)
{
	const char *url = config->sendgrid_url;
	const struct stauth_endpoint_rules rules = {
		"SENDGRID_URL", "http", "https"};
	struct stauth_endpoint endpoint;
	enum stauth_rc rc = stauth_endpoint_parse(url, &rules, &endpoint, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	if (!endpoint.tls && !endpoint.loopback) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SENDGRID_URL must be https: the key would be in "
			"clear text");
	}
	struct sendgrid_mailer *sendgrid = calloc(1, sizeof(*sendgrid));
	if (sendgrid == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(sendgrid);
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	sendgrid->base.ops = &sendgrid_ops;
	sendgrid->config = config;
	if (asprintf(&sendgrid->url, "%.*s/v3/mail/send",
		    (int)(strlen(url) - (url[strlen(url) - 1] == '/')),
		    url) < 0) {
		sendgrid->url = NULL;
		sendgrid_close(&sendgrid->base);
		return stauth_fail(err, STAUTH_ENOMEM, "out of memory");
	}
	*ret_mailer = &sendgrid->base;
	return STAUTH_OK;
}
