/* SPDX-License-Identifier: MIT */
#include "config/resolve.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/ascii.h"
#include "config/color.h"

#include "base/banned.h"

#define UNIT_MEMORY_MIB 2048 /* MemoryMax of systemd/stauth.service.in */
#define REST_MEMORY_MIB 256

#define HOST_PREFIX   "__Host-"
#define SECURE_PREFIX "__Secure-"
/* What WCAG asks of text. */
#define CONTRAST_MIN 4.5
#define RUN_DIR_MAX  90 /* a socket's address holds 107 bytes */

enum stauth_rc stauth_config_below_state(const struct stauth_config *config,
	char path[PATH_MAX], struct stauth_err *err)
{
	if (path[0] == '/' || path[0] == '\0') {
		return STAUTH_OK;
	}
	char relative[PATH_MAX];
	snprintf(relative, sizeof(relative), "%s", path);
	int n = snprintf(path, PATH_MAX, "%s/%s", config->state_dir, relative);
	if (n < 0 || n >= PATH_MAX) {
		return stauth_fail(err, STAUTH_ECONFIG, "a path is too long");
	}
	return STAUTH_OK;
}

static void drop_last_slashes(char path[PATH_MAX])
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/') {
		path[--len] = '\0';
	}
}

/* Those that may be relative. */
static enum stauth_rc resolve_relative(
	struct stauth_config *config, struct stauth_err *err)
{
	char *const paths[] = {config->sqlite_db_path, config->mail_dir,
		config->run_dir, config->password_blocklist,
		config->brand_logo};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		enum stauth_rc rc =
			stauth_config_below_state(config, paths[i], err);
		if (rc != STAUTH_OK) {
			return rc;
		}
	}
	return STAUTH_OK;
}

enum stauth_rc stauth_config_paths(
	struct stauth_config *config, struct stauth_err *err)
{
	if (config->state_dir[0] != '/') {
		return stauth_fail(err, STAUTH_ECONFIG,
			"STATE_DIR must be an absolute path");
	}
	drop_last_slashes(config->state_dir);
	if (config->sqlite_db_path[0] == '\0') {
		snprintf(config->sqlite_db_path, PATH_MAX, "%s",
			config->state_dir);
	}
	enum stauth_rc rc = resolve_relative(config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	drop_last_slashes(config->sqlite_db_path);
	drop_last_slashes(config->run_dir);
	int n = snprintf(config->sqlite_file, PATH_MAX, "%s/%s",
		config->sqlite_db_path, config->sqlite_db);
	if (n < 0 || n >= PATH_MAX || strlen(config->run_dir) > RUN_DIR_MAX) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SQLITE_DB_PATH or RUN_DIR is too long");
	}
	return STAUTH_OK;
}

static bool has_prefix(const char *name, const char *prefix)
{
	return strncasecmp(name, prefix, strlen(prefix)) == 0;
}

static bool is_taken(const char *name)
{
	return strcmp(name, "stauth-pre") == 0 ||
	       strcmp(name, "stauth-dev") == 0 ||
	       strcmp(name, "__Host-stauth-pre") == 0 ||
	       strcmp(name, "__Host-stauth-dev") == 0;
}

/* RFC 6265: a token; what needs escaping in nginx's files is refused too. */
static bool is_cookie_name(const char *name)
{
	return name[0] != '\0' &&
	       name[strspn(name, STAUTH_ALNUM "-_.")] == '\0';
}

static enum stauth_rc resolve_cookie(
	struct stauth_config *config, struct stauth_err *err)
{
	char name[sizeof(config->cookie_name)];
	bool insecure = config->allow_insecure_http;
	bool prefixed = has_prefix(config->cookie_name, HOST_PREFIX);

	if (config->cookie_name[0] == '\0') {
		snprintf(config->cookie_name, sizeof(name), "%s",
			insecure ? "stauth" : HOST_PREFIX "stauth");
		return STAUTH_OK;
	}
	if (!is_cookie_name(config->cookie_name) ||
		(prefixed &&
			strncmp(config->cookie_name, HOST_PREFIX, 7) != 0) ||
		has_prefix(config->cookie_name, SECURE_PREFIX)) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SESSION_TOKEN_NAME must be letters, digits and . _ -, "
			"with the prefix __Host- or none");
	}
	if (prefixed && insecure) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SESSION_TOKEN_NAME: browsers keep __Host- cookies "
			"over https only; drop the prefix, or "
			"ALLOW_INSECURE_HTTP");
	}
	snprintf(name, sizeof(name), "%s", config->cookie_name);
	int n = snprintf(config->cookie_name, sizeof(name), "%s%s",
		prefixed || insecure ? "" : HOST_PREFIX, name);
	if (n >= (int)sizeof(name) || is_taken(config->cookie_name)) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"SESSION_TOKEN_NAME is too long, or taken by another "
			"cookie of stauth");
	}
	return STAUTH_OK;
}

static void resolve_numbers(struct stauth_config *config)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (processors < 1 || processors > 128) {
		processors = processors < 1 ? 1 : 128;
	}
	if (config->hash_slots == 0) {
		config->hash_slots = processors > 1 ? (int)processors - 1 : 1;
	}
}

static bool has_scheme(const char *url, const char *plain)
{
	size_t len = strlen(plain);

	return strncasecmp(url, plain, len) == 0 &&
	       strncmp(url + len + (url[len] == 's'), "://", 3) == 0;
}

static enum stauth_rc check_urls(
	const struct stauth_config *config, struct stauth_err *err)
{
	const struct {
		const char *key;
		const char *url;
		const char *plain; /* and with an s behind it */
	} urls[] = {
		{"SMTP_URL", config->smtp_url, "smtp"},
		{"SENDGRID_URL", config->sendgrid_url, "http"},
		{"AIRTABLE_URL", config->airtable_url, "http"},
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		if (urls[i].url[0] != '\0' &&
			!has_scheme(urls[i].url, urls[i].plain)) {
			return stauth_fail(err, STAUTH_ECONFIG,
				"%s must be %ss://host or %s://host",
				urls[i].key, urls[i].plain, urls[i].plain);
		}
	}
	return STAUTH_OK;
}

static enum stauth_rc resolve_mail(
	struct stauth_config *config, struct stauth_err *err)
{
	bool sendgrid = config->sendgrid_api_key[0] != '\0';
	bool smtp = config->smtp_url[0] != '\0';
	bool is_named = config->mail_transport != STAUTH_TRANSPORT_NONE;

	if (config->mail_transport == STAUTH_TRANSPORT_NONE) {
		config->mail_transport = sendgrid ? STAUTH_TRANSPORT_SENDGRID
					 : smtp   ? STAUTH_TRANSPORT_SMTP
						  : STAUTH_TRANSPORT_NONE;
	}
	if (config->mail_transport == STAUTH_TRANSPORT_SENDGRID && !sendgrid) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"MAIL_TRANSPORT is SENDGRID, but SENDGRID_API_KEY is "
			"not set");
	}
	if (config->mail_transport == STAUTH_TRANSPORT_SMTP && !smtp) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"MAIL_TRANSPORT is SMTP, but SMTP_URL is not set");
	}
	if (config->mail_transport != STAUTH_TRANSPORT_NONE &&
		config->notification_from_email[0] == '\0') {
		return stauth_fail(err, STAUTH_ECONFIG,
			"%s needs NOTIFICATION_FROM_EMAIL, the sender of mails",
			is_named   ? "MAIL_TRANSPORT"
			: sendgrid ? "SENDGRID_API_KEY"
				   : "SMTP_URL");
	}
	return STAUTH_OK;
}

/* People who sign up wait for a mail. */
static enum stauth_rc check_sign_up(
	const struct stauth_config *config, struct stauth_err *err)
{
	if (!config->allow_user_sign_up) {
		return STAUTH_OK;
	}
	if (config->public_url_count == 0) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"ALLOW_USER_SIGN_UP needs PUBLIC_URL: mails must name "
			"this site");
	}
	if (config->mail_transport == STAUTH_TRANSPORT_NONE) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"ALLOW_USER_SIGN_UP needs a way for its mails: set "
			"SENDGRID_API_KEY, SMTP_URL or MAIL_TRANSPORT=FILE");
	}
	return STAUTH_OK;
}

static bool one_of(
	const char *value, const char *a, const char *b, const char *c)
{
	return value[0] == '\0' || strcmp(value, a) == 0 ||
	       strcmp(value, b) == 0 || strcmp(value, c) == 0;
}

/* Text on its ground, wherever both are chosen. */
static enum stauth_rc check_contrast(
	const struct stauth_config *config, struct stauth_err *err)
{
	const char *scheme_ground = strcmp(config->base, "dark") == 0
					    ? "#171b24"
				    : config->base[0] != '\0' ? "#ffffff"
							      : "";
	const struct {
		const char *key;
		const char *ground;
	} grounds[] = {
		{"backgroundColor", config->background_color},
		{"secondaryBackgroundColor",
			config->secondary_background_color},
		{"base", config->background_color[0] == '\0' ? scheme_ground
							     : ""},
	};

	for (size_t i = 0; i < sizeof(grounds) / sizeof(*grounds); i++) {
		if (config->text_color[0] == '\0' ||
			grounds[i].ground[0] == '\0') {
			continue;
		}
		double contrast = stauth_color_contrast(
			config->text_color, grounds[i].ground);
		if (contrast < CONTRAST_MIN) {
			return stauth_fail(err, STAUTH_ECONFIG,
				"textColor is hard to read on %s: their "
				"contrast is %.1f:1, at least 4.5:1 is needed",
				grounds[i].key, contrast);
		}
	}
	return STAUTH_OK;
}

static enum stauth_rc check_look(
	const struct stauth_config *config, struct stauth_err *err)
{
	if (!one_of(config->base, "light", "dark", "light")) {
		return stauth_fail(
			err, STAUTH_ECONFIG, "base must be light or dark");
	}
	if (!one_of(config->font, "sans serif", "serif", "monospace")) {
		return stauth_fail(err, STAUTH_ECONFIG,
			"font must be sans serif, serif or monospace");
	}
	return check_contrast(config, err);
}

enum stauth_rc stauth_config_resolve(
	struct stauth_config *config, struct stauth_err *err)
{
	resolve_numbers(config);
	enum stauth_rc rc = resolve_cookie(config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = check_urls(config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = resolve_mail(config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	rc = check_look(config, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	return check_sign_up(config, err);
}

/* Its pages answer nothing but why. */
static bool is_refused(
	const struct stauth_config *config, const struct stauth_origin *origin)
{
	return !origin->https && !config->allow_insecure_http &&
	       !stauth_host_is_local(origin->host);
}

static int64_t hashing_mib(const struct stauth_config *config)
{
	return (int64_t)(config->hash_slots + 1) * config->argon2_memory_kib /
	       1024;
}

/* What hashes at once take, one for a known device included, beside what the
 * rest of the service needs. */
static bool needs_more_memory(const struct stauth_config *config)
{
	return hashing_mib(config) > UNIT_MEMORY_MIB - REST_MEMORY_MIB;
}

static void tell_memory(
	const struct stauth_config *config, char *out, size_t out_size)
{
	snprintf(out, out_size,
		"HASH_SLOTS=%d and ARGON2_MEMORY_KIB=%d: hashing takes "
		"up to %lld MiB, but stauth.service may use %d MiB in "
		"all; lower one of them, or raise MemoryMax with "
		"'systemctl edit stauth.service'",
		config->hash_slots, config->argon2_memory_kib,
		(long long)hashing_mib(config), UNIT_MEMORY_MIB);
}

bool stauth_config_warning(const struct stauth_config *config, size_t i,
	char *out, size_t out_size)
{
	const struct {
		bool due;
		const char *text;
	} warnings[] = {
		{config->public_url_count == 0,
			"PUBLIC_URL is not set: origins must equal the "
			"request's own host, and mails cannot be sent"},
		{config->session_idle_minutes > 0 &&
				config->app_upstream[0] == '\0',
			"SESSION_IDLE_MINUTES is on and APP_UPSTREAM is not "
			"set: work in an open app sends no request, so only "
			"pages count as use"},
		{config->allow_insecure_http,
			"ALLOW_INSECURE_HTTP is on: who can read the network "
			"can read passwords"},
	};

	for (size_t n = 0; n < sizeof(warnings) / sizeof(*warnings); n++) {
		if (warnings[n].due && i-- == 0) {
			snprintf(out, out_size, "%s", warnings[n].text);
			return true;
		}
	}
	if (config->ignored[0] != '\0' && i-- == 0) {
		snprintf(out, out_size,
			"%s: ignored keys that are not stauth's: %s (stauthctl "
			"import st-auth-simple .env --write-config FILE writes "
			"a file without them)",
			config->path, config->ignored);
		return true;
	}
	if (needs_more_memory(config) && i-- == 0) {
		tell_memory(config, out, out_size);
		return true;
	}
	for (size_t n = 0; n < config->public_url_count; n++) {
		const struct stauth_origin *one = &config->public_urls[n];

		if (is_refused(config, one) && i-- == 0) {
			snprintf(out, out_size,
				"PUBLIC_URL %s: nobody can sign in over plain "
				"http; write https:// (also if a proxy in "
				"front ends TLS), or on a trusted network "
				"ALLOW_INSECURE_HTTP='True'",
				one->origin);
			return true;
		}
	}
	return false;
}
