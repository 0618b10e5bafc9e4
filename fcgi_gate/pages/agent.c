/* SPDX-License-Identifier: MIT */
#include "agent.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

struct mark {
	const char *text; /* in the User-Agent */
	const char *name;
};

/* In this order: most browsers also call themselves Chrome and Safari. */
static const struct mark browsers[] = {
	{"Edg", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"Chromium/", "Chromium"},
	{"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
	{"curl/", "curl"},
	{"python", "A Python program"},
	{"Python", "A Python program"},
};

/* Android says Linux, an iPhone says Mac OS X. */
static const struct mark systems[] = {
	{"Windows", "Windows"},
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"Android", "Android"},
	{"CrOS", "ChromeOS"},
	{"Mac OS X", "macOS"},
	{"Linux", "Linux"},
};

static const char *find(
	const char *agent, const struct mark *marks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strstr(agent, marks[i].text) != NULL) {
			return marks[i].name;
		}
	}
	return NULL;
}

void gate_agent_name(const char *channel, const char *agent,
	char ret_words[GATE_AGENT_WORDS_SIZE])
{
	const char *browser =
		find(agent, browsers, sizeof(browsers) / sizeof(browsers[0]));
	const char *host =
		find(agent, systems, sizeof(systems) / sizeof(systems[0]));
	if (strncmp(channel, "pam:", 4) == 0) {
		snprintf(ret_words, GATE_AGENT_WORDS_SIZE,
			"Sign-in on the host (%s)", channel + 4);
		return;
	}
	snprintf(ret_words, GATE_AGENT_WORDS_SIZE, "%s%s%s",
		browser != NULL ? browser : "Unknown browser",
		host != NULL ? " on " : "", host != NULL ? host : "");
}
