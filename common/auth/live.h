/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_LIVE_H
#define STAUTH_LIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/rc.h"
#include "config/config.h"

/*
 * The WebSockets that the gate's relay has open. The relay writes them to a
 * small file in RUN_DIR, a second late at most; others read it, and never
 * wait. A list that is older than STAUTH_LIVE_OLD_S is nobody's any more: no
 * relay runs.
 */
#define STAUTH_LIVE_OLD_S 15

/* Those of one session to one app. */
struct stauth_live {
	char handle[STAUTH_HANDLE_LEN + 1]; /* "": of visitors */
	char app[STAUTH_APP_SIZE];          /* as APP_UPSTREAM names it */
	int count;                          /* >= 1 */
	int64_t opened_at;                  /* the first of them */
	int64_t message_at; /* of the user, the last; 0 none yet */
};

/* What is open, in order of handle and app; free() *ret_list. Where there is
 * no relay it is an empty list. */
enum stauth_rc stauth_live_load(const struct stauth_config *config,
	struct stauth_live **ret_list, size_t *ret_count,
	struct stauth_err *err);
/* How many a session has in a list. */
int stauth_live_count(
	const struct stauth_live *list, size_t count, const char *handle);

/* For the relay: puts the list in place of the last one. */
enum stauth_rc stauth_live_write(const struct stauth_config *config,
	const struct stauth_live *list, size_t count, struct stauth_err *err);

#endif
