/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* A rule MUST be silent about what the shipped snippets and example-site.conf
 * do. */
static const struct nginx_rule rules[NGINX_RULES] = {
	[NGINX_NOTHING_PROTECTED] = {"nothing-protected", "Everybody gets in.",
		"Include stauth-http.conf in http{}, stauth-server.conf in "
		"server{}, and stauth-protect.conf in the app's location."},
	[NGINX_SNIPPET_DIFFERS] = {"snippet-differs",
		"An older or edited snippet leaves open what this version "
		"closes.",
		"Run `stauthctl nginx snippets` again and include the files "
		"unchanged; what is yours goes beside the include."},
	[NGINX_CHECK_CHANGED] = {"check-changed",
		"Something else may answer in place of the gate, or change "
		"what the gate is asked.",
		"Leave the check's location as stauth-server.conf has it."},
	[NGINX_CHECK_EXPOSED] = {"check-exposed",
		"Clients can ask the check themselves.",
		"Remove this location; stauth-server.conf has the only one."},
	[NGINX_SERVER_SET] = {"server-set",
		"nginx runs it again in the check's subrequest, where it "
		"replaces what a location requires.",
		"Move it into the location, before the include."},
	[NGINX_UNPROTECTED_TWIN] = {"unprotected-twin",
		"A request for this location gets to the app without the "
		"check, with any identity headers that it sends.",
		"Include stauth-protect.conf in it, or stauth-public.conf if "
		"it is meant to be open."},
	[NGINX_AUTH_OFF] = {"auth-off",
		"What is below it is open to everybody.",
		"Remove \"auth_request off\", or move the location out of the "
		"protected one to show that it is meant."},
	[NGINX_NESTED_REQUIRE] = {"nested-require",
		"\"set\" is not inherited: any account may enter here.",
		"Repeat \"set $stauth_require ...;\" and the include in this "
		"location."},
	[NGINX_SATISFY_ANY] = {"satisfy-any",
		"An \"allow\", or a second way to log in, bypasses the check.",
		"Use \"satisfy all;\", as stauth-protect.conf does."},
	[NGINX_RETURN_FIRST] = {"return-first",
		"nginx answers it before it asks the check.",
		"Move it to a location of its own without the include."},
	[NGINX_REWRITE_FIRST] = {"rewrite-first",
		"nginx leaves the location before it asks the check, and only "
		"the location it comes to counts.",
		"Use \"break\", or protect the location that it leads to."},
	[NGINX_ERROR_PAGE] = {"error-page",
		"A refusal, or a check that fails, becomes a page.",
		"Remove the status; the snippet's own error_page answers it."},
	[NGINX_ALIAS_SLASH] = {"alias-slash",
		"\"..\" right behind the prefix reads the files beside the "
		"folder.",
		"End both the location and its alias with a slash."},
	[NGINX_IDENTITY_HEADERS] = {"identity-headers",
		"What a client sends under these names reaches the app as if "
		"stauth had said it.",
		"Include the snippet in this very location, beside its "
		"proxy_set_header."},
	[NGINX_HEADER_TWICE] = {"header-twice",
		"The app gets both, and may believe either.",
		"Remove this one."},
	[NGINX_COOKIE_ELSEWHERE] = {"cookie-elsewhere",
		"It has the same host, so browsers send it the session's "
		"secret.",
		"Add \"proxy_set_header Cookie $stauth_app_cookie;\", or give "
		"it a host name of its own."},
	[NGINX_UPGRADE_ANY] = {"upgrade-any",
		"\"Upgrade: h2c\" opens a tunnel to the app that no later "
		"check "
		"and no header rule sees.",
		"Use \"proxy_set_header Upgrade $stauth_upgrade;\"."},
	[NGINX_SSI] = {"ssi",
		"What a page includes is fetched without a check.",
		"Add \"ssi off;\" to this server{}."},
	[NGINX_ODD_HEADERS] = {"odd-headers",
		"X_Auth_User is X-Auth-User to CGI, WSGI and their like, and "
		"nobody clears it.",
		"Use \"underscores_in_headers off; ignore_invalid_headers "
		"on;\" in every server{} of this listening socket."},
	[NGINX_MERGE_SLASHES] = {"merge-slashes",
		"\"//su/\" is not \"/su/\" for the locations, but is for most "
		"apps.",
		"Use \"merge_slashes on;\" in every server{} of this listening "
		"socket."},
	[NGINX_SAME_NAME] = {"same-name",
		"nginx ignores the second server{} of a name, so that what "
		"protects may be what is ignored.",
		"Make one server{} of the two."},
	[NGINX_REALIP_TRUST] = {"realip-trust",
		"Everybody chooses the address that the rate limits count and "
		"the audit names.",
		"Name the addresses of your proxies only."},
	[NGINX_LOG_SECRET] = {"log-secret",
		"A reader of the log has the session.",
		"Remove it from the log_format."},
	[NGINX_PUBLIC_URL] = {"public-url",
		"Under any other name or port the pages answer 421, and the "
		"links in mails lead elsewhere.",
		"Let server_name and listen be those of PUBLIC_URL, or add "
		"this address to it."},
	[NGINX_BASE_PATH] = {"base-path",
		"nginx takes the path away, so the links, the log-in and the "
		"WebSocket of a second Streamlit app lead to the first.",
		"Write proxy_pass without a path, and start the app with "
		"`stauthctl streamlit-config --base PATH`."},
	[NGINX_SET_UNKNOWN] = {"set-unknown",
		"No snippet reads this variable, so what it asks for is not "
		"asked.",
		"Correct its name; stauth-http.conf has them all."},
	[NGINX_RELAY_EXPOSED] = {"relay-exposed",
		"Clients can name the session and the app themselves.",
		"Remove this location; stauth-stream.conf and the snippets "
		"for location{} have the only ways to the relay."},
	[NGINX_STREAM_DIRECT] = {"stream-direct",
		"A log-out does not reach open tabs.",
		"Include stauth-stream.conf in this server{}."},
	[NGINX_STREAM_APP] = {"stream-app",
		"Its WebSockets go to another app, or nowhere.",
		"Write \"set $stauth_app HOST:PORT;\" before the include, with "
		"the address of the location's proxy_pass, and name it in "
		"APP_UPSTREAM."},
	[NGINX_STREAM_IF] = {"stream-if",
		"Where it holds, WebSockets go to the app directly, and no "
		"log-out reaches them: of several \"if\", nginx goes by the "
		"last.",
		"Use a map, or \"return\" in it."},
};

const struct nginx_rule *nginx_rule_at(size_t i)
{
	return i < NGINX_RULES ? &rules[i] : NULL;
}

void nginx_found(struct nginx_report *report, const struct nginx_node *node,
	enum nginx_rule_id id, const char *detail)
{
	struct nginx_finding one = {
		.rule = &rules[id], .file = node->file, .line = node->line};
	char words[NGINX_WORDS_SIZE];

	nginx_words(node, words);
	snprintf(one.what, sizeof(one.what), "%s%s%s", words,
		detail != NULL && words[0] != '\0' ? ": " : "",
		detail != NULL ? detail : "");
	for (size_t i = 0; i < report->count; i++) {
		const struct nginx_finding *other = &report->list[i];

		if (other->rule == one.rule && other->line == one.line &&
			strcmp(other->file, one.file) == 0 &&
			strcmp(other->what, one.what) == 0) {
			return;
		}
	}
	report->cut = report->count == NGINX_FINDINGS_MAX;
	if (!report->cut) {
		report->list[report->count++] = one;
	}
}
