/* SPDX-License-Identifier: MIT */
#ifndef CHKPWD_QUESTION_H
#define CHKPWD_QUESTION_H

#include <stdint.h>

#include "auth/host.h"
#include "auth/session.h"
#include "base/secret.h"
#include "peer.h"
#include "wire.h"

/* The question, taken apart. Holds passwords: wipe it. */
struct chkpwd_question {
	char user[512];              /* as the host gave it */
	char name[STAUTH_NAME_SIZE]; /* canonical; "" it cannot be one */
	char service[64];
	char rhost[256];
	char tty[64];
	char handle[STAUTH_HANDLE_LEN + 1];
	char proof[STAUTH_HOST_PROOF_SIZE]; /* "" none */
	char group[STAUTH_GROUP_MAX + 1];
	char channel[STAUTH_CHANNEL_SIZE];
	char source[STAUTH_ADDRESS_SIZE]; /* of the rate limits */
	char caller[32]; /* counted by uid: "local:UID"; "" not counted */
	char host_user[STAUTH_NAME_SIZE]; /* who runs the host; "" no name */
	bool as_root;      /* change without the current password */
	bool expired_only; /* change only what must be changed */
	bool has_password;
	bool too_long; /* which leaves the password empty */
	bool new_too_long;
	struct stauth_secret password;
	struct stauth_secret new_password;
	struct stauth_host_policy policy;
	struct stauth_actor actor;
};

/* Everything is set; what the question does not hold is "" or false. */
void chkpwd_question_read(const struct pamst_frame *frame,
	const struct chkpwd_peer *peer, struct chkpwd_question *question);

#endif
