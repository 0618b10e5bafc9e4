/* SPDX-License-Identifier: MIT */
#include "config/value.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "config/color.h"
#include "config/origin.h"

#include "base/banned.h"

/* By the values of their enums. */
struct choices {
	const char *const *names;
	size_t count;
};

static const char *const storages[] = {
	[STAUTH_STORAGE_SQLITE] = "SQLITE",
	[STAUTH_STORAGE_AIRTABLE] = "AIRTABLE",
	[STAUTH_STORAGE_POSTGRES] = "POSTGRES",
};

static const char *const transports[] = {
	[STAUTH_TRANSPORT_NONE] = "",
	[STAUTH_TRANSPORT_SENDGRID] = "SENDGRID",
	[STAUTH_TRANSPORT_SMTP] = "SMTP",
	[STAUTH_TRANSPORT_FILE] = "FILE",
};

#define CHOICES(a) (&(const struct choices){(a), sizeof(a) / sizeof(*(a))})

static char *text_at(struct stauth_config *config, const struct stauth_key *key)
{
	return (char *)config + key->at;
}

static enum stauth_rc set_text(struct stauth_config *config,
	const struct stauth_key *key, const char *value, struct stauth_err *err)
{
	for (const char *p = value; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"contains a control character");
		}
	}
	if (strlen(value) >= key->size) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"must be at most %zu bytes long", key->size - 1);
	}
	snprintf(text_at(config, key), key->size, "%s", value);
	return STAUTH_OK;
}

static enum stauth_rc set_bool(struct stauth_config *config,
	const struct stauth_key *key, const char *value, struct stauth_err *err)
{
	bool on = strcasecmp(value, "true") == 0;

	if (!on && strcasecmp(value, "false") != 0) {
		return stauth_fail(
			err, STAUTH_BADVALUE, "must be 'True' or 'False'");
	}
	memcpy(text_at(config, key), &on, sizeof(on));
	return STAUTH_OK;
}

static enum stauth_rc set_int(struct stauth_config *config,
	const struct stauth_key *key, const char *value, struct stauth_err *err)
{
	int64_t number;

	if (!stauth_parse_int(value, key->min, key->max, &number)) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"must be a number from %ld to %ld", key->min, key->max);
	}
	int as_int = (int)number;
	memcpy(text_at(config, key), &as_int, sizeof(as_int));
	return STAUTH_OK;
}

static enum stauth_rc set_choice(struct stauth_config *config,
	const struct stauth_key *key, const struct choices *choices,
	const char *value, struct stauth_err *err)
{
	for (size_t i = 0; i < choices->count; i++) {
		if (strcasecmp(value, choices->names[i]) == 0) {
			unsigned int chosen = (unsigned int)i;

			memcpy(text_at(config, key), &chosen, sizeof(chosen));
			return STAUTH_OK;
		}
	}
	return stauth_fail(err, STAUTH_BADVALUE, "must be one of: %.*s",
		(int)strcspn(key->help, ";"), key->help);
}

static bool all_of(const char *value, const char *allowed)
{
	return value[strspn(value, allowed)] == '\0';
}

static bool is_identifier(const char *value)
{
	return value[0] != '\0' && strchr(STAUTH_DIGITS, value[0]) == NULL &&
	       all_of(value, STAUTH_ALNUM "_");
}

static enum stauth_rc set_origins(
	struct stauth_config *config, const char *value, struct stauth_err *err)
{
	config->public_url_count = 0;
	while (value[0]) {
		size_t len = strcspn(value, " \t");

		if (len > 0) {
			if (config->public_url_count == STAUTH_ORIGINS_MAX) {
				return stauth_fail(err, STAUTH_BADVALUE,
					"has too many origins");
			}
			enum stauth_rc rc = stauth_origin_parse(value, len,
				&config->public_urls[config->public_url_count],
				err);
			if (rc != STAUTH_OK) {
				return rc;
			}
			config->public_url_count++;
		}
		value += len;
		value += strspn(value, " \t");
	}
	return STAUTH_OK;
}

/* "host:8501", "[::1]:8501" or "unix:/run/app.sock". */
static bool is_app(const char *word, size_t len)
{
	static const char unix_prefix[] = "unix:/";
	char text[STAUTH_APP_SIZE];
	if (len >= sizeof(text)) {
		return false;
	}
	memcpy(text, word, len);
	text[len] = '\0';
	if (strncmp(text, unix_prefix, sizeof(unix_prefix) - 1) == 0) {
		/* A socket's path has 107 bytes. */
		return len > sizeof(unix_prefix) - 1 && len <= 5 + 107;
	}
	char *colon = strrchr(text, ':');
	if (colon == NULL || colon == text) {
		return false;
	}
	*colon = '\0';
	int64_t port;
	bool is_ipv6 = text[0] == '[' && colon[-1] == ']';
	return stauth_parse_int(colon + 1, 1, 65535, &port) &&
	       all_of(text,
		       is_ipv6 ? STAUTH_ALNUM "[]:.%" : STAUTH_ALNUM "._-");
}

static enum stauth_rc set_apps(struct stauth_config *config,
	const struct stauth_key *key, const char *value, struct stauth_err *err)
{
	const char *at = value;
	while (at[0] != '\0') {
		size_t len = strcspn(at, " \t");
		if (len > 0 && !is_app(at, len)) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"expected HOST:PORT or unix:/PATH, not "
				"\"%.*s\"",
				len > 80 ? 80 : (int)len, at);
		}
		at += len;
		at += strspn(at, " \t");
	}
	return set_text(config, key, value, err);
}

static enum stauth_rc set_bytes(struct stauth_config *config, const char *value,
	size_t len, struct stauth_err *err)
{
	if (len > 0 && value[len - 1] == '\n') {
		len--;
	}
	if ((len > 0 || value[0] != '\0') && len < 32) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"has fewer than 32 bytes; make one: "
			"openssl rand -base64 48");
	}
	if (len > sizeof(config->app_key)) {
		return stauth_fail(err, STAUTH_BADVALUE, "is too long");
	}
	memcpy(config->app_key, value, len);
	config->app_key_len = len;
	return STAUTH_OK;
}

enum stauth_rc stauth_value_set(struct stauth_config *config,
	const struct stauth_key *key, const char *value, size_t len,
	struct stauth_err *err)
{
	struct stauth_color color;

	switch (key->kind) {
	case STAUTH_KEY_BOOL:
		return set_bool(config, key, value, err);
	case STAUTH_KEY_INT:
		return set_int(config, key, value, err);
	case STAUTH_KEY_STORAGE:
		return set_choice(config, key, CHOICES(storages), value, err);
	case STAUTH_KEY_TRANSPORT:
		return set_choice(config, key, CHOICES(transports), value, err);
	case STAUTH_KEY_ORIGINS:
		return set_origins(config, value, err);
	case STAUTH_KEY_BYTES:
		return set_bytes(config, value, len, err);
	case STAUTH_KEY_APPS:
		return set_apps(config, key, value, err);
	case STAUTH_KEY_COLOR:
		/* It goes into a style sheet: a colour and nothing else. */
		if (value[0] != '\0' && !stauth_color_parse(value, &color)) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"must be a colour like #ff4b4b, or its name");
		}
		break;
	case STAUTH_KEY_TABLE:
		if (!is_identifier(value)) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"must be the name of a table");
		}
		break;
	case STAUTH_KEY_FILE:
		if (value[0] == '\0' || strchr(value, '/') != NULL ||
			value[0] == '.') {
			return stauth_fail(err, STAUTH_BADVALUE,
				"must be a file name without a '/'");
		}
		break;
	case STAUTH_KEY_URL:
		if (strchr(value, '@') != NULL) {
			return stauth_fail(err, STAUTH_BADVALUE,
				"must not contain a user or password; they "
				"have "
				"keys of their own");
		}
		break;
	case STAUTH_KEY_TEXT:
	case STAUTH_KEY_PATH:
		break;
	}
	return set_text(config, key, value, err);
}

static void origins_text(
	const struct stauth_config *config, char out[STAUTH_VALUE_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < config->public_url_count; i++) {
		n += (size_t)snprintf(out + n, STAUTH_VALUE_SIZE - n, "%s%s",
			i ? " " : "", config->public_urls[i].origin);
		if (n >= STAUTH_VALUE_SIZE) {
			return;
		}
	}
}

void stauth_value_text(const struct stauth_config *config,
	const struct stauth_key *key, char out[STAUTH_VALUE_SIZE])
{
	const char *field = (const char *)config + key->at;

	out[0] = '\0';
	int number;
	bool on;
	switch (key->kind) {
	case STAUTH_KEY_BOOL:
		memcpy(&on, field, sizeof(on));
		snprintf(out, STAUTH_VALUE_SIZE, "%s", on ? "True" : "False");
		return;
	case STAUTH_KEY_INT:
		memcpy(&number, field, sizeof(number));
		snprintf(out, STAUTH_VALUE_SIZE, "%d", number);
		return;
	case STAUTH_KEY_STORAGE:
		snprintf(out, STAUTH_VALUE_SIZE, "%s",
			storages[config->storage]);
		return;
	case STAUTH_KEY_TRANSPORT:
		snprintf(out, STAUTH_VALUE_SIZE, "%s",
			transports[config->mail_transport]);
		return;
	case STAUTH_KEY_ORIGINS:
		origins_text(config, out);
		return;
	case STAUTH_KEY_BYTES:
		return;
	default:
		snprintf(out, STAUTH_VALUE_SIZE, "%.*s", (int)(key->size - 1),
			field);
	}
}
