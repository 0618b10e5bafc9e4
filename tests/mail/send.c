/* SPDX-License-Identifier: MIT */
/*
 * Sends mails through the configured mailer, for the tests of mail:
 *
 *   mail_send CONF < MAILS.json
 *
 * MAILS.json is an array of objects with the fields of struct
 * stauth_mail_message, or, with "kind", of struct stauth_mail_params. Prints an
 * array: {"rc", "retry_after_s", "msg", "ms"} of each.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/clock.h"
#include "config/config.h"
#include "mail/compose.h"
#include "mail/mailer.h"

#include "base/banned.h"

static const char *field(
	json_t *object, const char *name, const char *otherwise)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : otherwise;
}

static int64_t number(json_t *object, const char *name, int64_t otherwise)
{
	json_t *value = json_object_get(object, name);

	return value ? json_integer_value(value) : otherwise;
}

static enum stauth_rc prepare(const struct stauth_config *config,
	json_t *wanted, struct stauth_composed *composed,
	struct stauth_err *err)
{
	struct stauth_mail_params params = {
		.to = field(wanted, "to", "you@example.com"),
		.user = field(wanted, "user", "alice"),
		.code = field(wanted, "code", ""),
		.message = field(wanted, "message", "id"),
		.minutes = (int)number(wanted, "minutes", 30),
		.date_at = number(wanted, "date_at", stauth_wall_s()),
	};
	const char *kind = field(wanted, "kind", "");

	if (kind[0]) {
		if (stauth_mail_kind_parse(kind, &params.kind) != STAUTH_OK) {
			return STAUTH_BADVALUE;
		}
		return stauth_compose(config, &params, composed, err);
	}
	composed->mail = (struct stauth_mail_message){
		.from = field(wanted, "from", config->notification_from_email),
		.from_name = field(wanted, "from_name", config->brand_name),
		.to = params.to,
		.subject = field(wanted, "subject", "A subject"),
		.text = field(wanted, "text", "A text\n"),
		.html = field(wanted, "html", "<p>A text</p>\n"),
		.message_id = field(wanted, "message_id", "id@example.com"),
		.date_at = params.date_at,
	};
	return STAUTH_OK;
}

static json_t *send_one(const struct stauth_config *config,
	struct stauth_mailer *mailer, json_t *wanted)
{
	struct stauth_composed *composed = calloc(1, sizeof(*composed));
	struct stauth_err err = {0};
	int64_t retry_after_s = 0;
	int64_t start = stauth_boot_ms();
	enum stauth_rc rc = prepare(config, wanted, composed, &err);

	if (rc == STAUTH_OK) {
		rc = mailer->ops->send(
			mailer, &composed->mail, &retry_after_s, &err);
	}
	free(composed);
	return json_pack("{s:s, s:I, s:s, s:I}", "rc", stauth_rc_name(rc),
		"retry_after_s", (json_int_t)retry_after_s, "msg", err.msg,
		"ms", (json_int_t)(stauth_boot_ms() - start));
}

static json_t *failure(enum stauth_rc rc, const struct stauth_err *err)
{
	return json_pack(
		"[{s:s, s:s}]", "rc", stauth_rc_name(rc), "msg", err->msg);
}

static json_t *send_all(const struct stauth_config *config, json_t *wanted)
{
	struct stauth_mailer *mailer = NULL;
	struct stauth_err err = {0};
	enum stauth_rc rc = stauth_mailer_open(config, &mailer, &err);

	if (rc != STAUTH_OK) {
		return failure(rc, &err);
	}
	json_t *results = json_array();
	json_t *mail;
	size_t i;
	json_array_foreach(wanted, i, mail)
	{
		json_array_append_new(results, send_one(config, mailer, mail));
	}
	stauth_mailer_close(mailer);
	return results;
}

int main(int argc, char **argv)
{
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	json_t *wanted = json_loadf(stdin, 0, NULL);

	if (argc != 2 || !json_is_array(wanted)) {
		fprintf(stderr, "usage: mail_send CONF < MAILS\n");
		return 1;
	}
	enum stauth_rc rc = stauth_config_load(
		argv[1], STAUTH_READER_SERVICE, &config, &err);
	json_t *results =
		rc == STAUTH_OK ? send_all(config, wanted) : failure(rc, &err);
	json_dumpf(results, stdout, JSON_COMPACT);
	json_decref(results);
	json_decref(wanted);
	stauth_config_free(config);
	return 0;
}
