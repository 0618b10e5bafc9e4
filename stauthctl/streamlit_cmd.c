/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/codec.h"
#include "base/random.h"
#include "ctl.h"
#include "out.h"
#include "result.h"
#include "text.h"

#include "base/banned.h"

#define TEXT_MAX (64 * 1024)

/* A JSON string is a TOML basic string, but for one escape: \/, which is not
 * used, and DEL, which no value of ours may hold. */
static void add_string(struct stauth_buf *buf, const char *text)
{
	stauth_buf_add_json(buf, text);
}

/* "app.example.com:8443" -> the host, and the port behind it or "". */
static void split_host(
	const char *host, char name[STAUTH_ORIGIN_SIZE], const char **ret_port)
{
	size_t len =
		host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");

	snprintf(name, STAUTH_ORIGIN_SIZE, "%.*s", (int)len, host);
	*ret_port = host[len] == ':' ? host + len + 1 : "";
}

static void add_origins(
	struct stauth_buf *buf, const struct stauth_config *config)
{
	stauth_buf_add(buf, "corsAllowedOrigins = [");
	for (size_t i = 0; i < config->public_url_count; i++) {
		stauth_buf_add(buf, i ? ", " : "");
		add_string(buf, config->public_urls[i].origin);
	}
	stauth_buf_add(buf, "]\n");
}

static void add_hosts(
	struct stauth_buf *buf, const struct stauth_config *config)
{
	const char *port = "";

	stauth_buf_add(buf, "allowedHosts = [");
	char name[STAUTH_ORIGIN_SIZE];
	for (size_t i = 0; i < config->public_url_count; i++) {
		split_host(config->public_urls[i].host, name, &port);
		stauth_buf_add(buf, i ? ", " : "");
		add_string(buf, name);
	}
	stauth_buf_add(
		buf, "]  # Streamlit 1.61 or later; an older one only warns\n");
}

/* What the line says of the app. */
struct app {
	const struct stauth_config *config;
	char base[STAUTH_ORIGIN_SIZE]; /* "reports", "" for the root */
	int64_t port;                  /* 0: Streamlit's own default */
};

static void add_server(struct stauth_buf *buf, const struct app *app)
{
	const struct stauth_config *config = app->config;

	stauth_buf_add(buf,
		"[server]\n"
		"address = \"127.0.0.1\"  # nobody passes by nginx\n"
		"headless = true\n"
		"enableCORS = true\n"
		"enableXsrfProtection = true\n");
	if (app->port != 0) {
		stauth_buf_addf(buf, "port = %" PRId64 "\n", app->port);
	}
	if (app->base[0] != '\0') {
		stauth_buf_add(buf, "baseUrlPath = ");
		add_string(buf, app->base);
		stauth_buf_add(buf, "\n");
	}
	if (config->public_url_count) {
		add_origins(buf, config);
		add_hosts(buf, config);
	} else {
		stauth_buf_add(buf,
			"# corsAllowedOrigins and allowedHosts follow from "
			"PUBLIC_URL, which is not set\n");
	}
}

static void add_browser(
	struct stauth_buf *buf, const struct stauth_config *config)
{
	const struct stauth_origin *origin = &config->public_urls[0];
	const char *port = "";

	stauth_buf_add(buf, "\n[browser]\ngatherUsageStats = false\n");
	if (!config->public_url_count) {
		return;
	}
	char name[STAUTH_ORIGIN_SIZE];
	split_host(origin->host, name, &port);
	if (!port[0]) {
		port = origin->https ? "443" : "80";
	}
	stauth_buf_add(buf, "serverAddress = ");
	add_string(buf, name);
	stauth_buf_addf(buf, "\nserverPort = %s\n", port);
}

static void add_headers(struct stauth_buf *buf)
{
	stauth_buf_add(buf,
		"\n# Who is there, as the gate says it: st.user (1.49 or "
		"later). All of these stay\n"
		"# the same for one log-in; \"sid\" keeps one user's session "
		"from another's.\n"
		"[server.trustedUserHeaders]\n"
		"X-Auth-User = \"user\"\n"
		"X-Auth-Email = \"email\"\n"
		"X-Auth-Name = \"name\"\n"
		"X-Auth-Groups = \"groups\"\n"
		"X-Auth-Session = \"sid\"\n"
		"X-Auth-Logged-In = \"is_logged_in\"\n");
}

static void add_theme(
	struct stauth_buf *buf, const struct stauth_config *config)
{
	const struct {
		const char *key;
		const char *value;
	} look[] = {
		{"base", config->base},
		{"primaryColor", config->primary_color},
		{"backgroundColor", config->background_color},
		{"secondaryBackgroundColor",
			config->secondary_background_color},
		{"textColor", config->text_color},
		{"font", config->font},
	};
	const char *head = "\n[theme]\n";

	for (size_t i = 0; i < sizeof(look) / sizeof(look[0]); i++) {
		if (!look[i].value[0]) {
			continue;
		}
		stauth_buf_addf(buf, "%s%s = ", head, look[i].key);
		add_string(buf, look[i].value);
		stauth_buf_add(buf, "\n");
		head = "";
	}
}

static int add_config(struct stauth_buf *buf, const struct app *app)
{
	if (app->config->public_url_count == 0) {
		ctl_warn(CTL_TEXT_NO_PUBLIC_URL);
	}
	stauth_buf_add(buf, "# .streamlit/config.toml, written by: stauthctl "
			    "streamlit-config\n");
	add_server(buf, app);
	add_browser(buf, app->config);
	add_headers(buf);
	add_theme(buf, app->config);
	return EX_OK;
}

static void add_provider(struct stauth_buf *buf, const char *origin)
{
	stauth_buf_addf(buf,
		"client_id = \"stauth\"\n"
		"client_secret = \"unused\"\n"
		"server_metadata_url = "
		"\"%s/.well-known/openid-configuration\"\n",
		origin);
}

/* None of these values is ever used behind nginx, but st.login() does not
 * start without them. The cookie secret is one that nobody knows. */
static int add_secrets(
	struct ctl *ctl, struct stauth_buf *buf, const struct app *app)
{
	/* st.login("google"): the names of Streamlit's documentation. */
	static const char *const named[] = {
		"auth0", "google", "microsoft", "okta"};
	const char *origin = app->config->public_urls[0].origin;
	const char *slash = app->base[0] != '\0' ? "/" : "";

	if (app->config->public_url_count == 0) {
		return ctl_fail_with(EX_CONFIG, CTL_TEXT_SECRETS_URL);
	}
	char secret[STAUTH_TOKEN_LEN + 1];
	struct stauth_err err = {0};
	if (stauth_random_token(stauth_random, secret, &err) != STAUTH_OK) {
		return ctl_fail(ctl, &err);
	}
	stauth_buf_addf(buf,
		"# .streamlit/secrets.toml, written by: stauthctl "
		"streamlit-config --secrets\n"
		"# st.login() leads to the log-in page of stauth; none of "
		"these is used for it.\n"
		"[auth]\n"
		"redirect_uri = \"%s%s%s/oauth2callback\"\n"
		"cookie_secret = \"%s\"\n",
		origin, slash, app->base, secret);
	add_provider(buf, origin);
	stauth_buf_add(buf, "\n# An app that says st.login(\"NAME\") needs "
			    "[auth.NAME], too.\n");
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		stauth_buf_addf(buf, "[auth.%s]\n", named[i]);
		add_provider(buf, origin);
	}
	return EX_OK;
}

/* "/reports/" is "reports", as Streamlit has it. */
static bool take_base(const char *path, struct app *app)
{
	path += strspn(path, "/");
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/') {
		len--;
	}
	if (len >= sizeof(app->base)) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!stauth_uri_plain(path[i])) {
			return false;
		}
	}
	snprintf(app->base, sizeof(app->base), "%.*s", (int)len, path);
	return true;
}

int ctl_streamlit_config(struct ctl *ctl)
{
	struct app app = {.config = ctl->config};

	if (ctl->opt[CTL_PORT] != NULL &&
		!stauth_parse_int(ctl->opt[CTL_PORT], 1, 65535, &app.port)) {
		return ctl_usage(CTL_TEXT_PORT);
	}
	if (ctl->opt[CTL_BASE] != NULL &&
		!take_base(ctl->opt[CTL_BASE], &app)) {
		return ctl_usage(CTL_TEXT_BASE);
	}
	struct stauth_buf buf;
	stauth_buf_init(&buf, TEXT_MAX);
	int code = ctl->opt[CTL_SECRETS] != NULL ? add_secrets(ctl, &buf, &app)
						 : add_config(&buf, &app);
	if (code == EX_OK && !stauth_buf_ok(&buf)) {
		code = ctl_fail_with(EX_TEMPFAIL, CTL_TEXT_NO_MEMORY);
	}
	if (code == EX_OK) {
		fputs(stauth_buf_str(&buf), stdout);
		code = ctl_out_flush();
	}
	stauth_buf_finish(&buf);
	return code;
}
