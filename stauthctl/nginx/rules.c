/* SPDX-License-Identifier: MIT */
#include "nginx/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define ERROR   CTL_SEVERITY_ERROR
#define WARNING CTL_SEVERITY_WARNING
#define HINT    CTL_SEVERITY_HINT

/*
 * A rule MUST name a mistake that nginx itself takes (`nginx -t` says ok),
 * say what can happen because of it, and how to mend it. It MUST be silent
 * about what the shipped snippets and example-site.conf do.
 */
static const struct ctl_rule rules[CTL_RULES] = {
	[CTL_RULE_INCLUDE_UNREAD] = {"include-unread", ERROR,
		"What stands there is not judged.",
		"Give the output of `nginx -T`, which holds every file."},
	[CTL_RULE_NOTHING_PROTECTED] = {"nothing-protected", ERROR,
		"Everybody gets in.",
		"Include stauth-http.conf in http{}, stauth-server.conf in "
		"server{}, and stauth-protect.conf in the app's location."},
	[CTL_RULE_HTTP_SNIPPET] = {"http-snippet", ERROR,
		"The check, or what is cut out of the headers, is not what "
		"this version was tested with.",
		"Run `stauthctl nginx snippets` again and include "
		"stauth-http.conf in http{}."},
	[CTL_RULE_SERVER_SNIPPET] = {"server-snippet", ERROR,
		"The question of the check is answered by another location, "
		"for one by the app itself, and its yes lets everybody in.",
		"Include stauth-server.conf in this server{}."},
	[CTL_RULE_SNIPPET_DIFFERS] = {"snippet-differs", ERROR,
		"An older or edited snippet leaves open what this version "
		"closes.",
		"Run `stauthctl nginx snippets` again and include the files "
		"unchanged; what is yours goes beside the include."},
	[CTL_RULE_PAGES_KEEPALIVE] = {"pages-keepalive", ERROR,
		"A page worker serves one connection at a time: kept ones "
		"hold them all, and nobody can log in.",
		"Take \"keepalive\" out of this upstream."},
	[CTL_RULE_CHECK_NOT_INTERNAL] = {"check-not-internal", WARNING,
		"Clients can ask the check's location themselves.",
		"Say \"internal;\" in it, as stauth-server.conf does."},
	[CTL_RULE_CHECK_SOCKET] = {"check-socket", ERROR,
		"The gate's sockets have one purpose each: what is asked at "
		"the wrong one is refused or keeps a worker busy.",
		"Check: fastcgi_pass stauth_check. Pages: fastcgi_pass "
		"stauth_pages."},
	[CTL_RULE_CHECK_HEADERS] = {"check-headers", ERROR,
		"Every header of a client becomes a parameter of the check.",
		"Say \"fastcgi_pass_request_headers off;\" there, as "
		"stauth-server.conf does."},
	[CTL_RULE_CHECK_CACHED] = {"check-cached", ERROR,
		"A yes is remembered after the log-out, and may be another "
		"user's.",
		"Say \"fastcgi_cache off;\" there, as stauth-server.conf "
		"does."},
	[CTL_RULE_CHECK_ERROR_PAGE] = {"check-error-page", ERROR,
		"The page that stands in for a failed check is taken for a "
		"yes.",
		"Keep only the error_page of stauth-server.conf there."},
	[CTL_RULE_CHECK_EXTRA] = {"check-extra", ERROR,
		"It can answer in place of the gate, or change what the gate "
		"is asked.",
		"Leave the check's location as stauth-server.conf has it."},
	[CTL_RULE_FASTCGI_TWICE] = {"fastcgi-twice", ERROR,
		"Both values are sent, and the first one counts.",
		"Take out the second one, often \"include fastcgi_params\"."},
	[CTL_RULE_UNPROTECTED_TWIN] = {"unprotected-twin", ERROR,
		"Whoever asks for this location gets to the app without the "
		"check, with whatever identity headers they send.",
		"Include stauth-protect.conf in it, or stauth-public.conf if "
		"it is meant to be open."},
	[CTL_RULE_AUTH_OFF] = {"auth-off", WARNING,
		"What is below it is open to everybody.",
		"Take \"auth_request off\" out, or move the location out of "
		"the protected one to show that it is meant."},
	[CTL_RULE_NESTED_REQUIRE] = {"nested-require", ERROR,
		"\"set\" is not inherited: any account may enter here.",
		"Repeat \"set $stauth_require ...;\" in this location."},
	[CTL_RULE_SATISFY_ANY] = {"satisfy-any", ERROR,
		"An \"allow\", or a second way to log in, makes the check "
		"needless.",
		"Say \"satisfy all;\" there, as stauth-protect.conf does."},
	[CTL_RULE_RETURN_FIRST] = {"return-first", ERROR,
		"nginx answers it before it asks the check.",
		"Move it to a location of its own without the include."},
	[CTL_RULE_REWRITE_FIRST] = {"rewrite-first", ERROR,
		"nginx leaves the location before it asks the check, and only "
		"the location it comes to counts.",
		"Use \"break\", or protect the location that it leads to."},
	[CTL_RULE_ERROR_PAGE] = {"error-page", ERROR,
		"A refusal, or a check that fails, becomes a page instead of "
		"a no.",
		"Take the status out, the snippet's own error_page answers "
		"it."},
	[CTL_RULE_ALIAS_SLASH] = {"alias-slash", ERROR,
		"\"..\" right behind the prefix reads the files beside the "
		"folder.",
		"End both the location and its alias with a slash."},
	[CTL_RULE_IDENTITY_HEADERS] = {"identity-headers", ERROR,
		"What a client sends under these names reaches the app as if "
		"stauth had said it.",
		"Include the snippet in this very location, beside its "
		"proxy_set_header."},
	[CTL_RULE_COOKIE_TO_APP] = {"cookie-to-app", ERROR,
		"The app and its logs see the session's secret.",
		"Say \"proxy_set_header Cookie $stauth_app_cookie;\" only."},
	[CTL_RULE_COOKIE_ELSEWHERE] = {"cookie-elsewhere", WARNING,
		"It has the same host, so browsers send it the session's "
		"secret.",
		"Say \"proxy_set_header Cookie $stauth_app_cookie;\" there, or "
		"give it a host name of its own."},
	[CTL_RULE_APP_CACHED] = {"app-cached", ERROR,
		"One user's page is shown to the next, also after a log-out.",
		"Say \"proxy_cache off; expires off;\" there, as the snippet "
		"does."},
	[CTL_RULE_BACK_BUTTON] = {"back-button", WARNING,
		"The Back button shows the app's pages after a log-out.",
		"Include the snippet in this very location, beside its "
		"add_header."},
	[CTL_RULE_SSI] = {"ssi", WARNING,
		"What a page includes is fetched without a check.",
		"Say \"ssi off;\" in this server{}."},
	[CTL_RULE_HOST_PORT] = {"host-port", WARNING,
		"Without the port of the address Streamlit refuses the "
		"WebSocket.",
		"Say \"proxy_set_header Host $http_host;\" only."},
	[CTL_RULE_WEBSOCKET] = {"websocket", WARNING,
		"Streamlit's WebSocket breaks, or downloads stall.",
		"Leave it as the snippet has it."},
	[CTL_RULE_BODY_SIZE] = {"body-size", WARNING,
		"Larger uploads, of which Streamlit takes 200 MB, end with "
		"413.",
		"Say \"client_max_body_size 210m;\", or lower Streamlit's "
		"server.maxUploadSize, too."},
	[CTL_RULE_BASE_LOGOUT] = {"base-logout", HINT,
		"With \"^~\", st.logout() of an app with a base path asks the "
		"app instead of stauth.",
		"Write the location without \"^~\"."},
	[CTL_RULE_ADDRESS_UNKNOWN] = {"address-unknown", HINT,
		"Whether another location leads to the same app is not "
		"judged.",
		"Write the address out, if it is one."},
	[CTL_RULE_APP_ADDRESS] = {"app-address", WARNING,
		"Who can reach that port can claim to be anybody.",
		"Let the app listen on 127.0.0.1, or close its port to all "
		"but nginx."},
	[CTL_RULE_APP_PORT] = {"app-port", ERROR,
		"nginx itself offers the app's port to others, past the "
		"check.",
		"Give the app a port that nginx does not listen on."},
	[CTL_RULE_ODD_HEADERS] = {"odd-headers", ERROR,
		"X_Auth_User is X-Auth-User to CGI, WSGI and their like, and "
		"nobody clears it.",
		"Say \"underscores_in_headers off; ignore_invalid_headers "
		"on;\" in every server{} of this listening socket."},
	[CTL_RULE_MERGE_SLASHES] = {"merge-slashes", ERROR,
		"\"//su/\" is not \"/su/\" for the locations, but is for most "
		"apps.",
		"Say \"merge_slashes on;\" in every server{} of this "
		"listening socket."},
	[CTL_RULE_SAME_NAME] = {"same-name", ERROR,
		"nginx ignores the second one, so that what protects may be "
		"what is ignored.",
		"Make one server{} of the two."},
	[CTL_RULE_PUBLIC_NAME] = {"public-name", WARNING,
		"The links in mails, and the app's own address, lead to "
		"another server{}.",
		"Make server_name and PUBLIC_URL agree."},
	[CTL_RULE_PLAIN_HTTP] = {"plain-http", WARNING,
		"The app answers without TLS, where no log-in can work.",
		"Let the plain port only redirect to https."},
	[CTL_RULE_NO_HSTS] = {"no-hsts", HINT,
		"The first request of a browser may go out without TLS.",
		"Say \"add_header Strict-Transport-Security "
		"\"max-age=31536000\" always;\" beside the include."},
	[CTL_RULE_REALIP_TRUST] = {"realip-trust", ERROR,
		"Everybody chooses the address that the throttle counts and "
		"the audit names.",
		"Name the addresses of your proxies only."},
	[CTL_RULE_LOG_SECRET] = {"log-secret", WARNING,
		"Who reads the log has the session or the reset link.",
		"Take it out of the log_format, and keep the access_log of "
		"stauth-server.conf off for /auth/reset."},
};

const struct ctl_rule *ctl_rule(enum ctl_rule_id id)
{
	return &rules[id];
}

const char *ctl_severity_name(enum ctl_severity severity)
{
	return severity == ERROR     ? "error"
	       : severity == WARNING ? "warning"
				     : "hint";
}

const char *ctl_words(
	const struct ctl_conf_node *node, char words[CTL_WORDS_SIZE])
{
	size_t len = 0;

	words[0] = '\0';
	for (size_t i = 0; i < node->word_count && len < CTL_WORDS_SIZE; i++) {
		len += (size_t)snprintf(words + len, CTL_WORDS_SIZE - len,
			"%s%.60s", i ? " " : "", node->words[i]);
	}
	return words;
}

void ctl_found(struct ctl_findings *findings, const struct ctl_conf_node *node,
	enum ctl_rule_id id, const char *fmt, ...)
{
	struct ctl_finding one = {.file = node->file, .line = node->line};
	va_list args;

	one.id = id;
	va_start(args, fmt);
	vsnprintf(one.what, sizeof(one.what), fmt, args);
	va_end(args);
	for (size_t i = 0; i < findings->count; i++) {
		const struct ctl_finding *other = &findings->list[i];

		if (other->id == id && other->line == one.line &&
			strcmp(other->file, one.file) == 0 &&
			strcmp(other->what, one.what) == 0) {
			return;
		}
	}
	if (findings->count == CTL_FINDINGS_MAX) {
		findings->cut = true;
		return;
	}
	findings->list[findings->count++] = one;
}

static int by_place(const void *one, const void *two)
{
	const struct ctl_finding *a = one;
	const struct ctl_finding *b = two;
	int order = strcmp(a->file, b->file);

	if (order == 0) {
		order = (a->line > b->line) - (a->line < b->line);
	}
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

void ctl_findings_sort(struct ctl_findings *findings)
{
	qsort(findings->list, findings->count, sizeof(*findings->list),
		by_place);
}
