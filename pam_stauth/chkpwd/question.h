/* SPDX-License-Identifier: MIT */
#ifndef CHKPWD_QUESTION_H
#define CHKPWD_QUESTION_H

#include <stdint.h>

#include "auth/host.h"
#include "auth/session.h"
#include "base/secret.h"
#include "caller.h"
#include "wire.h"

/* The question, taken apart. Holds passwords: wipe it. */
struct chkpwd_question {
	char user[512];              /* as the host gave it */
	char name[STAUTH_NAME_SIZE]; /* canonical; "" it cannot be one */
	char service[64];
	char rhost[256];
	char tty[64];
	char handle[STAUTH_HANDLE_LEN + 1];
	char group[STAUTH_GROUP_MAX + 1];
	char channel[STAUTH_CHANNEL_SIZE];
	char address[STAUTH_ADDRESS_SIZE]; /* the source of the throttle */
	char caller[32]; /* "" for root and group stauth; else local:UID */
	int64_t host_pid;
	int64_t host_uid; /* whose program asks, by its real uid */
	char host_user[STAUTH_NAME_SIZE]; /* the name of that; "" none */
	unsigned char flags;
	struct stauth_secret password;
	struct stauth_secret new_password;
	struct stauth_host_policy rules;
	struct stauth_actor actor;
};

/* Everything is set; what the question does not hold is "" or 0. */
void chkpwd_question_read(const struct pamst_frame *question,
	const struct chkpwd_caller *caller, struct chkpwd_question *ask);

#endif
