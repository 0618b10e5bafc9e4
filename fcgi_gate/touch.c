/* SPDX-License-Identifier: MIT */
#include "touch.h"

#include <string.h>
#include <unistd.h>

#include "auth/check.h"

#include "base/banned.h"

#define DUE_S 60 /* last_seen_at moves at most once in so long */
#define WAYS  4  /* places that a session may take */

void gate_touch_init(struct gate_touch *touch, int fd, int64_t idle_s)
{
	touch->fd = fd;
	/* A session in use must never look idle: with a limit of a minute it
	 * moves each quarter of one. */
	touch->due_s = idle_s > 0 && idle_s / 4 < DUE_S ? idle_s / 4 : DUE_S;
}

void gate_touch_note(struct gate_touch *touch, const char *handle,
	int64_t last_seen_at, int64_t now_s)
{
	if (now_s - last_seen_at < touch->due_s) {
		return;
	}
	uint64_t bits;
	memcpy(&bits, handle, sizeof(bits));
	uint64_t spread = bits * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	struct gate_touch_recent *set =
		&touch->recent[spread % (GATE_TOUCH_RECENT / WAYS) * WAYS];
	struct gate_touch_recent *oldest = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].bits == bits && now_s - set[i].at < touch->due_s) {
			return;
		}
		oldest = set[i].at < oldest->at ? &set[i] : oldest;
	}
	struct stauth_touch row = {.seen_at = now_s};
	memcpy(row.handle, handle, sizeof(row.handle));
	if (write(touch->fd, &row, sizeof(row)) == sizeof(row)) {
		*oldest = (struct gate_touch_recent){bits, now_s};
	}
}
