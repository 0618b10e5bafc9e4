/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sysexits.h>

#include "auth/delivery.h"
#include "config/keyfile.h"
#include "config_check.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

#define SHOW_MAX (STAUTH_KEYS_MAX * STAUTH_VALUE_SIZE)

/* The keys are no part of the configuration, but the next thing that would
 * fail: worth a word, no error. */
static void note_keys(const struct ctl *ctl)
{
	struct stauth_keys keys;
	struct stauth_err err = {0};

	if (stauth_keys_load(ctl->config, STAUTH_READER_SERVICE, &keys, &err) !=
		STAUTH_OK) {
		ctl_info(ctl, CTL_TEXT_NOTE, err.msg);
	}
	stauth_wipe(&keys, sizeof(keys));
}

static void add_strings(struct stauth_buf *buf, const struct ctl *ctl)
{
	char warning[512];

	for (size_t i = 0;
		stauth_config_warning(ctl->config, i, warning, sizeof(warning));
		i++) {
		stauth_buf_add(buf, i ? "," : "");
		stauth_buf_add_json(buf, warning);
	}
}

static int check_json(const struct ctl *ctl)
{
	struct stauth_buf buf;

	stauth_buf_init(&buf, STAUTH_CONFIG_MAX);
	stauth_buf_add(&buf, "{\"ok\":true,\"file\":");
	stauth_buf_add_json(&buf, ctl->config->path);
	stauth_buf_add(&buf, ",\"warnings\":[");
	add_strings(&buf, ctl);
	stauth_buf_add(&buf, "]}");
	puts(stauth_buf_str(&buf));
	stauth_buf_finish(&buf);
	return ctl_out_flush();
}

/* Getting here means that it was read and holds: main.c ended with 78
 * otherwise. */
int ctl_config_check(struct ctl *ctl)
{
	int code = ctl_config_refused(ctl);

	if (code != EX_OK) {
		return code;
	}
	char warning[512];
	for (size_t i = 0;
		stauth_config_warning(ctl->config, i, warning, sizeof(warning));
		i++) {
		ctl_warn(CTL_TEXT_WARNING, warning);
	}
	note_keys(ctl);
	if (ctl->json) {
		return check_json(ctl);
	}
	printf(CTL_TEXT_CONFIG_OK, ctl->config->path);
	return ctl_out_flush();
}

static const struct ctl_field fields[] = {
	{"key", "KEY", CTL_TEXT, 0},
	{"value", "VALUE", CTL_TEXT, 0},
	{"origin", "FROM", CTL_TEXT, 0},
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/* A show is one object: the keys by their names. */
static int show_json(const struct ctl *ctl)
{
	struct stauth_buf buf;

	stauth_buf_init(&buf, SHOW_MAX);
	struct stauth_config_line line;
	for (size_t i = 0; stauth_config_line(ctl->config, i, &line); i++) {
		stauth_buf_add(&buf, i ? ",\n" : "{\n");
		stauth_buf_add_json(&buf, line.key);
		stauth_buf_add(&buf, ":{\"value\":");
		stauth_buf_add_json(&buf, line.value);
		stauth_buf_add(&buf, ",\"origin\":");
		stauth_buf_add_json(&buf, line.origin);
		stauth_buf_add(&buf, "}");
	}
	stauth_buf_add(&buf, "\n}");
	puts(stauth_buf_str(&buf));
	stauth_buf_finish(&buf);
	return ctl_out_flush();
}

int ctl_config_show(struct ctl *ctl)
{
	if (ctl->json) {
		return show_json(ctl);
	}
	struct ctl_out out;
	ctl_out_begin(&out, CTL_MANY, false, fields, FIELD_COUNT);
	struct stauth_config_line line;
	for (size_t i = 0; stauth_config_line(ctl->config, i, &line); i++) {
		const struct ctl_value values[FIELD_COUNT] = {
			{line.key, 0}, {line.value, 0}, {line.origin, 0}};

		ctl_out_row(&out, values);
	}
	return ctl_out_end(&out);
}

/* --- mail test */

/* What the other side of the network said is no matter of files or users. */
static int code_of(enum stauth_rc rc)
{
	switch (rc) {
	case STAUTH_BADVALUE:
	case STAUTH_REFUSED:
		return EX_DATAERR;
	case STAUTH_EUNREACHABLE:
		return EX_UNAVAILABLE;
	case STAUTH_ECONFIG:
	case STAUTH_EDENIED:
	case STAUTH_NOTFOUND:
		return EX_CONFIG;
	default:
		return ctl_exit_of(rc);
	}
}

int ctl_mail_test(struct ctl *ctl)
{
	struct stauth_err err = {0};
	enum stauth_rc rc =
		stauth_delivery_test(&ctl->ctx, ctl->operands[0], &err);

	if (rc != STAUTH_OK) {
		return ctl_fail_with(code_of(rc), "%s",
			err.msg[0] ? err.msg : stauth_rc_name(rc));
	}
	ctl_info(ctl, CTL_TEXT_MAIL_ACCEPTED, ctl->operands[0]);
	return EX_OK;
}
