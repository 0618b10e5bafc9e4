/* SPDX-License-Identifier: MIT */
/* The check half of a store that answers later, as one over a network would. */
#ifndef STAUTH_TEST_LATE_CHECK_H
#define STAUTH_TEST_LATE_CHECK_H

#include <string.h>

#include "base/clock.h"
#include "store/state.h"

#define LATER_MS    60
#define WAITING_MAX 16

/* How often one tag is answered. */
enum answers {
	ONCE,
	TWICE,           /* again with the next batch */
	AT_ONCE_AND_LATE /* out of submit, and by reap too */
};

#define WRONG_USER '9' /* what the answer too many says */

struct late_check {
	struct stauth_check check;
	enum answers answers;
	bool again; /* with TWICE: last_tag is due again */
	uint64_t last_tag;
	struct {
		uint64_t tag;
		char user; /* the last character of the token's hash, folded */
	} waiting[WAITING_MAX];
	size_t count;
	int64_t ready_ms;
	bool ready;
};

static struct late_check late;

static int64_t late_now(struct stauth_check *check)
{
	(void)check;
	return stauth_wall_s();
}

static int late_pollfd(struct stauth_check *check)
{
	(void)check;
	return -1;
}

static int64_t late_next_ms(struct stauth_check *check)
{
	(void)check;
	return late.count > 0 ? late.ready_ms : INT64_MAX;
}

static void late_tick(struct stauth_check *check, int64_t boot_ms)
{
	(void)check;
	late.ready = late.count > 0 && boot_ms >= late.ready_ms;
}

static void allow(struct stauth_check_done *done, uint64_t tag, char user)
{
	memset(done, 0, sizeof(*done));
	done->tag = tag;
	done->verdict = STAUTH_ALLOW;
	done->session.user[0] = user;
	done->session.last_seen_at = stauth_wall_s();
	memcpy(done->session.handle, "0123456789abcdef", STAUTH_HANDLE_LEN);
}

static enum stauth_rc late_submit(struct stauth_check *check,
	const uint8_t token_hash[32], int64_t idle_s, uint64_t tag,
	struct stauth_check_done *ret_done)
{
	(void)check;
	(void)idle_s;
	if (late.count == WAITING_MAX) {
		return STAUTH_EUNREACHABLE;
	}
	if (late.count == 0) {
		late.ready_ms = stauth_boot_ms() + LATER_MS;
	}
	late.waiting[late.count].tag = tag;
	late.waiting[late.count].user = (char)('a' + token_hash[31] % 26);
	late.count++;
	if (late.answers != AT_ONCE_AND_LATE) {
		return STAUTH_PENDING;
	}
	allow(ret_done, tag, late.waiting[late.count - 1].user);
	late.waiting[late.count - 1].user = WRONG_USER;
	return STAUTH_OK;
}

static void late_flush(struct stauth_check *check)
{
	(void)check;
}

/* Last asked, first answered. */
static size_t late_reap(struct stauth_check *check,
	struct stauth_check_done *ret_done, size_t max)
{
	(void)check;
	if (!late.ready || late.count == 0 || max == 0) {
		late.ready = false;
		return 0;
	}
	if (late.again) {
		late.again = false;
		allow(ret_done, late.last_tag, WRONG_USER);
		return 1;
	}
	late.count--;
	late.last_tag = late.waiting[late.count].tag;
	allow(ret_done, late.last_tag, late.waiting[late.count].user);
	late.again = late.answers == TWICE && late.count == 0;
	late.ready = late.count > 0;
	return 1;
}

static const struct stauth_check_ops late_ops = {
	.now = late_now,
	.pollfd = late_pollfd,
	.next_ms = late_next_ms,
	.tick = late_tick,
	.submit = late_submit,
	.flush = late_flush,
	.reap = late_reap,
};

#endif
