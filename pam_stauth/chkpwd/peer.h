/* SPDX-License-Identifier: MIT */
#ifndef CHKPWD_PEER_H
#define CHKPWD_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "config/config.h"
#include "wire.h"

/*
 * Who asks, by the credentials that the kernel kept of the socket's other
 * end: of connect() for the listener, of socketpair() for a spawned helper.
 */
struct chkpwd_peer {
	uid_t uid;
	pid_t pid;      /* 0: in a pid name space that is not seen from here */
	bool member;    /* of group stauth */
	bool caller;    /* one of PAM_CALLERS */
	char name[256]; /* of the uid; "" it has none */
};

/* false: no such credentials. */
bool chkpwd_peer_find(int fd, struct chkpwd_peer *ret_peer);
/* Is this uid one of PAM_CALLERS? */
bool chkpwd_is_caller(const struct stauth_config *config, uid_t uid);
/* May the peer ask this about this (canonical) user? */
bool chkpwd_peer_may(
	const struct chkpwd_peer *peer, int question, const char *user);
/* What went wrong, for a log: with the answer to root's hosts, who log it;
 * for all others on stderr. */
void chkpwd_peer_log(const struct chkpwd_peer *peer, const char *text,
	struct pamst_frame *answer);

#endif
