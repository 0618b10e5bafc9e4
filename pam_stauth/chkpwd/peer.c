/* SPDX-License-Identifier: MIT */
/*
 * Who may ask about whom (CONTRACT 4):
 *
 *  1. Root MAY ask everything.
 *  2. Group stauth and PAM_CALLERS MAY ask auth and account about anybody.
 *  3. Everybody else MUST be held to the own name, and to a change of the own
 *     password with the current one (the answer sees to that); PAM_CALLERS
 *     change none.
 *  4. Sessions are root's to open and to close.
 *  5. What is wrong with configuration or store MUST be shown to root alone.
 */
#include "peer.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "auth/name.h"
#include "text.h"

#include "base/banned.h"

#define GROUP      "stauth"
#define GROUPS_MAX 1024 /* a peer with more is not looked through */

static bool in_group(int fd, gid_t own, gid_t wanted)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);
	if (own == wanted) {
		return true;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0) {
		return false;
	}
	for (size_t i = 0; i < len / sizeof(*groups); i++) {
		if (groups[i] == wanted) {
			return true;
		}
	}
	return false;
}

bool chkpwd_peer_find(int fd, struct chkpwd_peer *ret_peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
		return false;
	}
	struct chkpwd_peer peer = {0};
	peer.uid = cred.uid;
	peer.pid = cred.pid;
	const struct passwd *pwd = getpwuid(cred.uid);
	if (pwd != NULL) {
		snprintf(peer.name, sizeof(peer.name), "%s", pwd->pw_name);
	}
	const struct group *group = getgrnam(GROUP);
	peer.member = group != NULL && in_group(fd, cred.gid, group->gr_gid);
	*ret_peer = peer;
	return true;
}

bool chkpwd_is_caller(const struct stauth_config *config, uid_t uid)
{
	const char *at = config->pam_callers;
	for (;;) {
		at += strspn(at, " ");
		size_t len = strcspn(at, " ");
		if (len == 0) {
			return false;
		}
		char name[sizeof(config->pam_callers)];
		memcpy(name, at, len);
		name[len] = '\0';
		const struct passwd *pwd = getpwnam(name);
		if (pwd != NULL && pwd->pw_uid == uid) {
			return true;
		}
		at += len;
	}
}

static bool is_own(const struct chkpwd_peer *peer, const char *user)
{
	char own[STAUTH_NAME_SIZE];
	return peer->name[0] != '\0' &&
	       stauth_name_canonical(peer->name, strlen(peer->name), own,
		       NULL) == STAUTH_OK &&
	       strcmp(own, user) == 0;
}

bool chkpwd_peer_may(
	const struct chkpwd_peer *peer, int question, const char *user)
{
	if (peer->uid == 0) {
		return true;
	}
	switch ((enum pamst_question)question) {
	case PAMST_ASK_AUTH:
	case PAMST_ASK_ACCOUNT:
		return peer->member || peer->caller || is_own(peer, user);
	case PAMST_ASK_CHANGE_CHECK:
	case PAMST_ASK_CHANGE:
		return !peer->caller && is_own(peer, user);
	case PAMST_ASK_OPEN:
	case PAMST_ASK_CLOSE:
		break;
	}
	return false;
}

void chkpwd_peer_log(const struct chkpwd_peer *peer, const char *text,
	struct pamst_frame *answer)
{
	if (peer->uid == 0) {
		pamst_frame_add(answer, PAMST_LOG, text);
	} else {
		fprintf(stderr, CHKPWD_LOG, (unsigned long)peer->uid, text);
	}
}
