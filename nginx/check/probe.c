/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "http.h"

#include "base/banned.h"

/*
 * The probe MUST:
 *  1. ask as a stranger: no session, no credentials, nothing that a POST
 *     could do;
 *  2. send a request's target and headers byte for byte, follow no redirect;
 *  3. never take a site that does not answer for one that is closed.
 */
#define TARGET_SIZE 1024
#define FOREIGN     "evil.example"

struct site {
	struct nginx_probe *probe;
	char origin[NGINX_VALUE_SIZE]; /* "https://app.example.com" */
	char base[NGINX_VALUE_SIZE];   /* "" or "/reports" */
	char host[NGINX_VALUE_SIZE];
	bool is_https;
	bool is_standard_port;
	bool any_certificate;
};

static struct nginx_answer ask(const struct site *site, const char *origin,
	const struct nginx_request *request)
{
	site->probe->asked++;
	return nginx_ask(origin, request, site->any_certificate);
}

/* --- what is no good answer */

__attribute__((format(printf, 4, 5))) static void found(struct site *site,
	const char *rule, const char *fix, const char *fmt, ...)
{
	struct nginx_probe *probe = site->probe;

	if (probe->count == NGINX_EVIDENCE_MAX) {
		return;
	}
	struct nginx_evidence *one = &probe->list[probe->count++];
	one->rule = rule;
	one->fix = fix;
	va_list args;
	va_start(args, fmt);
	vsnprintf(one->what, sizeof(one->what), fmt, args);
	va_end(args);
}

/* A refusal, or the way to the log-in page. */
static bool is_closed(
	const struct site *site, const struct nginx_answer *answer)
{
	const char *to = answer->location;
	size_t len = strlen(site->origin);

	if (answer->status >= 400) {
		return true;
	}
	if (strncmp(to, site->origin, len) == 0) {
		to += len;
	}
	return answer->status >= 300 && strncmp(to, "/auth/", 6) == 0;
}

static bool is_private(const struct nginx_answer *answer)
{
	return strcasestr(answer->cache_control, "no-store") != NULL ||
	       strcasestr(answer->cache_control, "private") != NULL;
}

enum wanted {
	CLOSED,     /* is_closed */
	REFUSED,    /* 400 */
	NOT_FOUND,  /* 404: nobody's business */
	NO_PAGE,    /* anything but 200 */
	NO_TUNNEL,  /* anything but 101 */
	PRIVATE,    /* what no proxy keeps */
	OWN_HOST,   /* no redirect to a foreign one */
	LOGIN_PAGE, /* that nobody keeps or frames */
	NO_APP,     /* nothing, or no success */
};

static bool is_good(const struct site *site, const struct nginx_answer *answer,
	enum wanted wanted)
{
	switch (wanted) {
	case CLOSED:
		return is_closed(site, answer) && !answer->has_identity;
	case REFUSED:
		return answer->status == 400;
	case NOT_FOUND:
		return answer->status == 404 && !answer->has_identity;
	case NO_PAGE:
		return answer->status != 200 && !answer->has_identity;
	case NO_TUNNEL:
		return answer->status != 101;
	case PRIVATE:
		return is_private(answer);
	case OWN_HOST:
		return strstr(answer->location, FOREIGN) == NULL;
	case LOGIN_PAGE:
		return answer->status == 200 && is_private(answer) &&
		       !answer->has_open_cookie &&
		       strstr(answer->policy, "frame-ancestors 'none'") != NULL;
	case NO_APP:
		return answer->status >= 300;
	}
	return false;
}

/* --- the questions */

#define NAVIGATE "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"
#define WEBSOCKET                                                              \
	"Connection: Upgrade", "Upgrade: websocket",                           \
		"Sec-WebSocket-Version: 13",                                   \
		"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=="

static const char fix_include[] =
	"Include stauth-protect.conf in this location; see: stauthctl nginx "
	"check.";
static const char fix_server[] =
	"Include this version's stauth-server.conf and stauth-http.conf.";

enum place {
	IN_APP,
	AT_ROOT,    /* the target is no path of the app */
	PLAIN_HTTP, /* without TLS */
	APP_PORT,   /* past nginx */
};

static const struct question {
	const char *rule;
	const char *fix;
	const char *what;
	enum wanted wanted;
	enum place place;
	struct nginx_request request;
} questions[] = {
	{"open", fix_include, "a page", CLOSED, IN_APP,
		{"GET", "/", {NAVIGATE}}},
	{"open", fix_include, "a fetch", CLOSED, IN_APP, {"GET", "/", {NULL}}},
	{"open", fix_include, "a HEAD", CLOSED, IN_APP, {"HEAD", "/", {NULL}}},
	{"open", fix_include, "a POST", CLOSED, IN_APP,
		{"POST", "/", {"Content-Length: 0"}}},
	{"open", fix_include, "an OPTIONS", CLOSED, IN_APP,
		{"OPTIONS", "/", {NULL}}},
	/* stauth-stream.conf itself answers /_stcore/host-config: 200, {}. */
	{"open", fix_include, "Streamlit's own page", CLOSED, IN_APP,
		{"GET", "/_stcore/upload_file/x", {NULL}}},
	{"open", fix_include, "a static file", CLOSED, IN_APP,
		{"GET", "/app/static/x", {NULL}}},
	{"identity-headers", fix_include, "forged identity headers", CLOSED,
		IN_APP,
		{"GET", "/",
			{"X-Auth-User: root", "X-Auth-Groups: su",
				"X-Auth-Logged-In: 1", "X_Auth_User: root",
				"Remote-User: root", "X-Forwarded-User: root",
				"X-Original-URL: /auth/login"}}},
	{"identity-headers", fix_include, "Basic credentials", CLOSED, IN_APP,
		{"GET", "/", {"Authorization: Basic cm9vdDpyb290"}}},
	{"cookie", fix_include, "two session cookies", CLOSED, IN_APP,
		{"GET", "/", {"Cookie: __Host-stauth=x; __Host-stauth=y"}}},
	{"path", fix_server, "a dot segment", REFUSED, AT_ROOT,
		{"GET", "/auth/../x", {NULL}}},
	{"path", fix_server, "an encoded dot segment", REFUSED, AT_ROOT,
		{"GET", "/auth/%2e%2e/x", {NULL}}},
	{"path", fix_server, "an encoded slash", REFUSED, AT_ROOT,
		{"GET", "/auth/..%2fx", {NULL}}},
	{"path", fix_server, "a backslash", REFUSED, AT_ROOT,
		{"GET", "/auth/..\\x", {NULL}}},
	{"path", fix_server, "an encoded backslash", REFUSED, AT_ROOT,
		{"GET", "/auth/..%5cx", {NULL}}},
	{"path", fix_server, "an encoded NUL", REFUSED, AT_ROOT,
		{"GET", "/x%00", {NULL}}},
	{"path", fix_server, "an empty segment", REFUSED, AT_ROOT,
		{"GET", "//x", {NULL}}},
	{"path", fix_server, "a single dot", REFUSED, AT_ROOT,
		{"GET", "/./x", {NULL}}},
	{"upgrade", fix_server, "Upgrade: h2c", CLOSED, IN_APP,
		{"GET", "/",
			{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
				"HTTP2-Settings: AAMAAABkAAQAAP__"}}},
	{"upgrade", fix_server, "Upgrade: h2c at the log-in page", NO_TUNNEL,
		AT_ROOT,
		{"GET", "/auth/login",
			{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
				"HTTP2-Settings: AAMAAABkAAQAAP__"}}},
	{"origin", fix_include, "a WebSocket from a foreign Origin", CLOSED,
		IN_APP,
		{"GET", "/_stcore/stream",
			{WEBSOCKET, "Origin: https://" FOREIGN}}},
	{"origin", fix_include, "a WebSocket without Origin", CLOSED, IN_APP,
		{"GET", "/_stcore/stream", {WEBSOCKET}}},
	{"check-exposed", fix_server, "the check's own location", NOT_FOUND,
		AT_ROOT, {"GET", "/_stauth/check", {NULL}}},
	{"host", "Set PUBLIC_URL, and let no other server_name lead to stauth.",
		"the log-in page under a foreign Host", NO_PAGE, AT_ROOT,
		{"GET", "/auth/login", {"Host: " FOREIGN}}},
	{"host", fix_server, "X-Forwarded-Host", OWN_HOST, IN_APP,
		{"GET", "/",
			{NAVIGATE, "X-Forwarded-Host: " FOREIGN,
				"X-Forwarded-Proto: http"}}},
	{"cache", fix_include, "an answer that a proxy may keep", PRIVATE,
		IN_APP, {"GET", "/", {NAVIGATE}}},
	{"pages", fix_server,
		"the log-in page, which nobody may keep or frame and whose "
		"cookies are Secure and HttpOnly",
		LOGIN_PAGE, AT_ROOT, {"GET", "/auth/login", {NAVIGATE}}},
	{"plain-http", "Let the plain port only redirect to https.",
		"without TLS", NO_APP, PLAIN_HTTP, {"GET", "/", {NULL}}},
	{"app-port",
		"Let the app listen on 127.0.0.1, or close its port to all but "
		"nginx.",
		"the app's own port", NO_APP, APP_PORT,
		{"GET", "/_stcore/health", {NULL}}},
};

static bool is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 ||
	       strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
}

/* MUST 3: only a port that nobody listens on is closed without an answer. */
static void put_question(struct site *site, const struct question *question)
{
	bool is_app_port = question->place == APP_PORT;
	bool is_side_door = is_app_port || question->place == PLAIN_HTTP;

	if ((is_app_port && is_loopback(site->host)) ||
		(question->place == PLAIN_HTTP &&
			!(site->is_https && site->is_standard_port))) {
		return;
	}
	char origin[NGINX_VALUE_SIZE * 2];
	snprintf(origin, sizeof(origin), "http://%s%s", site->host,
		is_app_port ? ":8501" : "");
	const char *asked = is_side_door ? origin : site->origin;
	struct nginx_request request = question->request;
	char target[TARGET_SIZE];
	snprintf(target, sizeof(target), "%s%s",
		question->place == AT_ROOT ? "" : site->base, request.target);
	request.target = target;
	struct nginx_answer answer = ask(site, asked, &request);
	if (answer.status == 0 && is_side_door && !answer.has_connected) {
		return;
	}
	if (answer.status == 0) {
		found(site, is_side_door ? question->rule : "no-answer",
			question->fix, "%s: %s %.100s%.200s: %s",
			question->what, request.method,
			is_side_door ? origin : "", target, answer.fault);
	} else if (!is_good(site, &answer, question->wanted)) {
		found(site, question->rule, question->fix,
			"%s: %s %.100s%.200s was answered with %ld%s%s%.100s",
			question->what, request.method,
			is_side_door ? origin : "", target, answer.status,
			answer.has_identity ? " and an identity" : "",
			answer.location[0] != '\0' ? ", to " : "",
			answer.location);
	}
}

/* "https://HOST[:PORT][/BASE]" without a query. */
static bool take_url(const char *url, struct site *site)
{
	const char *host = strstr(url, "://");

	site->is_https = strncmp(url, "https://", 8) == 0;
	if (host == NULL ||
		(!site->is_https && strncmp(url, "http://", 7) != 0) ||
		strpbrk(url, "?#@\\ %") != NULL ||
		strlen(url) >= NGINX_VALUE_SIZE) {
		return false;
	}
	host += 3;
	size_t len = strcspn(host, "/");
	snprintf(site->origin, NGINX_VALUE_SIZE, "%.*s",
		(int)(host + len - url), url);
	snprintf(site->base, NGINX_VALUE_SIZE, "%s", host + len);
	for (len = strlen(site->base); len > 0 && site->base[len - 1] == '/';) {
		site->base[--len] = '\0';
	}
	len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	snprintf(site->host, NGINX_VALUE_SIZE, "%.*s", (int)len, host);
	site->is_standard_port = host[len] != ':';
	return len > 0;
}

/* Somebody has to be there, with the certificate of the name or without. */
static enum stauth_rc greet(struct site *site, struct stauth_err *err)
{
	const struct nginx_request request = {"GET", "/auth/health", {NULL}};
	struct nginx_answer answer = ask(site, site->origin, &request);

	if (answer.is_untrusted) {
		found(site, "certificate",
			"Get a certificate for this name that browsers accept.",
			"%.200s: %s", site->origin, answer.fault);
		site->any_certificate = true;
		answer = ask(site, site->origin, &request);
	}
	if (answer.status == 0) {
		return stauth_fail(err, STAUTH_EUNREACHABLE, "%.100s: %s",
			site->origin, answer.fault);
	}
	return STAUTH_OK;
}

enum stauth_rc nginx_probe_run(
	const char *url, struct nginx_probe *probe, struct stauth_err *err)
{
	struct site site = {.probe = probe};

	memset(probe, 0, sizeof(*probe));
	if (!take_url(url, &site)) {
		return stauth_fail(err, STAUTH_BADVALUE,
			"expected http://HOST[:PORT][/PATH] or https://...");
	}
	enum stauth_rc rc = greet(&site, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		put_question(&site, &questions[i]);
	}
	return STAUTH_OK;
}
