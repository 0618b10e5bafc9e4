/* SPDX-License-Identifier: MIT */
#ifndef CHKPWD_CALLER_H
#define CHKPWD_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Who asks, judged by real uid, real gid and supplementary groups; never by
 * the effective gid, which the set-group-id bit gives to everybody.
 */
struct chkpwd_caller {
	uid_t uid;
	bool privileged; /* root, or a member of group stauth */
	bool setgid;     /* run with a group that the caller does not have */
	char name[256];  /* of the real uid; "" it has none */
};

void chkpwd_caller_find(struct chkpwd_caller *ret_caller);
/* May this caller ask about this (canonical) user? */
bool chkpwd_caller_may(const struct chkpwd_caller *caller, const char *user);

#endif
