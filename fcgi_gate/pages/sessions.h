/* SPDX-License-Identifier: MIT */
#ifndef GATE_SESSIONS_H
#define GATE_SESSIONS_H

#include <stdint.h>

#include "auth/live.h"
#include "page.h"

#define GATE_AGENT_NAME_SIZE 64
#define GATE_TIME_AGO_SIZE   32
/* More than a person looks through; `sign out all other` reaches the rest. */
#define GATE_SESSIONS_SHOWN 30

/* The sessions of a user, as rows. */
struct gate_session_rows {
	struct gate_page *page;
	struct stauth_session *list;
	size_t count;
	/* of the row at hand */
	char browser[GATE_AGENT_NAME_SIZE];
	char since[16]; /* the date */
	char since_at[24];
	char used[GATE_TIME_AGO_SIZE];
	char used_at[24];
	char tabs[32]; /* open apps */
	struct stauth_live *live;
	size_t live_count;
};

/* Reads them and puts them into the page's view. Free them in any case, but
 * not before the page is shown. */
enum stauth_rc gate_session_rows(struct gate_page *page, int64_t uid,
	struct gate_session_rows *ret_rows, struct stauth_err *err);
void gate_session_rows_free(struct gate_session_rows *rows);

/* What a session was opened with: "Firefox on Linux", or "Unknown browser". */
void gate_agent_name(const char *channel, const char *agent,
	char ret_name[GATE_AGENT_NAME_SIZE]);
/* "just now", "5 minutes ago", "1 day ago". */
void gate_time_ago(int64_t seconds, char ret_text[GATE_TIME_AGO_SIZE]);

#endif
