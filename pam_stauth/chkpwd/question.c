/* SPDX-License-Identifier: MIT */
/*
 * What a question says, and how much of it is believed:
 *
 *  1. Host uid, terminal, "as root" and the proof of a log-in MUST be believed
 *     of root alone; the client's address also of PAM_CALLERS, and only if it
 *     is an address: a name may resolve to anything.
 *  2. A source MUST be local only if root says that nobody is remote and that
 *     somebody sits at a terminal of this host; all else is a stranger.
 *  3. Who is not root, in group stauth or one of PAM_CALLERS MUST be counted by
 *     the uid too: the name of the service is theirs to choose.
 */
#include "question.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/name.h"
#include "base/ascii.h"
#include "base/codec.h"

#include "base/banned.h"

#define MINIMUM_UID 1000

/* Is the field there? One that is too long leaves the secret empty. */
static bool get_secret(const struct pamst_frame *frame, enum pamst_tag tag,
	struct stauth_secret *secret, bool *ret_too_long)
{
	char text[STAUTH_PASSWORD_MAX + 2];
	bool there = pamst_frame_get(frame, tag, text, sizeof(text));
	size_t len = strlen(text);
	*ret_too_long = len > STAUTH_PASSWORD_MAX;
	if (len > 0 && !*ret_too_long) {
		(void)stauth_secret_set(secret, text, len, NULL);
	}
	stauth_wipe_array(text);
	return there;
}

static int64_t get_number(
	const struct pamst_frame *frame, enum pamst_tag tag, int64_t otherwise)
{
	char text[24];
	int64_t value;
	if (pamst_frame_get(frame, tag, text, sizeof(text)) &&
		stauth_parse_int(text, 0, INT64_MAX, &value)) {
		return value;
	}
	return otherwise;
}

/* PAM_TTY with or without /dev/, or an X display. */
static bool is_terminal(const char *tty)
{
	if (tty[0] == ':') {
		size_t len = strspn(tty + 1, STAUTH_DIGITS);
		return len > 0 && (tty[1 + len] == '\0' || tty[1 + len] == '.');
	}
	if (strncmp(tty, "/dev/", 5) == 0) {
		tty += 5;
	}
	if ((strncmp(tty, "tty", 3) != 0 && strncmp(tty, "pts/", 4) != 0) ||
		strstr(tty, "..") != NULL) {
		return false;
	}
	char path[80];
	snprintf(path, sizeof(path), "/dev/%s", tty);
	struct stat st;
	return stat(path, &st) == 0 && S_ISCHR(st.st_mode);
}

static bool is_address(const char *text)
{
	unsigned char raw[16];
	return inet_pton(AF_INET, text, raw) == 1 ||
	       inet_pton(AF_INET6, text, raw) == 1;
}

/* Who runs the host: su and sudo say so for their callers, login and sshd run
 * as root and may know who is behind them. */
static uid_t find_host_uid(
	const struct pamst_frame *frame, const struct chkpwd_peer *peer)
{
	int64_t uid;
	if (peer->uid != 0) {
		return peer->uid;
	}
	uid = get_number(frame, PAMST_HOST_UID, 0);
	char ruser[256];
	const struct passwd *pwd;
	if (uid == 0 &&
		pamst_frame_get(frame, PAMST_RUSER, ruser, sizeof(ruser))) {
		pwd = getpwnam(ruser);
		uid = pwd != NULL ? pwd->pw_uid : 0;
	}
	return (uid_t)uid;
}

static void find_source(const struct chkpwd_peer *peer, uid_t host_uid,
	struct chkpwd_question *question)
{
	bool root = peer->uid == 0;
	if ((root || peer->caller) && is_address(question->rhost)) {
		snprintf(question->source, sizeof(question->source), "%.64s",
			question->rhost);
	} else if (root && question->rhost[0] == '\0' &&
		   is_terminal(question->tty)) {
		snprintf(question->source, sizeof(question->source),
			"local:%.32s:%lu", question->service,
			(unsigned long)host_uid);
	} else {
		snprintf(question->source, sizeof(question->source),
			"remote:%.32s", question->service);
	}
	if (!root && !peer->member && !peer->caller) {
		snprintf(question->caller, sizeof(question->caller),
			"local:%lu", (unsigned long)peer->uid);
	}
}

static void read_policy(const struct pamst_frame *frame,
	const struct chkpwd_peer *peer, struct chkpwd_question *question)
{
	struct stauth_host_policy *policy = &question->policy;
	char flags[2];
	int bits = 0;
	if (pamst_frame_get(frame, PAMST_FLAGS, flags, sizeof(flags))) {
		bits = flags[0];
	}
	policy->require_su = (bits & PAMST_REQUIRE_SU) != 0;
	policy->any_account = (bits & PAMST_ANY_ACCOUNT) != 0;
	policy->minimum_uid = get_number(frame, PAMST_MINIMUM_UID, MINIMUM_UID);
	if (pamst_frame_get(frame, PAMST_GROUP, question->group,
		    sizeof(question->group))) {
		policy->group = question->group;
	}
	question->expired_only = (bits & PAMST_EXPIRED) != 0;
	if (peer->uid == 0) {
		question->as_root = (bits & PAMST_AS_ROOT) != 0;
		(void)pamst_frame_get(frame, PAMST_PROOF, question->proof,
			sizeof(question->proof));
	}
}

void chkpwd_question_read(const struct pamst_frame *frame,
	const struct chkpwd_peer *peer, struct chkpwd_question *question)
{
	uid_t host_uid = find_host_uid(frame, peer);
	const struct passwd *pwd = getpwuid(host_uid);
	(void)pamst_frame_get(
		frame, PAMST_USER, question->user, sizeof(question->user));
	(void)pamst_frame_get(frame, PAMST_SERVICE, question->service,
		sizeof(question->service));
	(void)pamst_frame_get(
		frame, PAMST_RHOST, question->rhost, sizeof(question->rhost));
	(void)pamst_frame_get(
		frame, PAMST_TTY, question->tty, sizeof(question->tty));
	(void)pamst_frame_get(frame, PAMST_HANDLE, question->handle,
		sizeof(question->handle));
	question->has_password = get_secret(frame, PAMST_PASSWORD,
		&question->password, &question->too_long);
	(void)get_secret(frame, PAMST_NEW_PASSWORD, &question->new_password,
		&question->new_too_long);
	read_policy(frame, peer, question);
	if (stauth_name_canonical(question->user, strlen(question->user),
		    question->name, NULL) != STAUTH_OK) {
		question->name[0] = '\0';
	}
	snprintf(question->channel, sizeof(question->channel), "pam:%.11s",
		question->service);
	snprintf(question->host_user, sizeof(question->host_user), "%s",
		pwd != NULL ? pwd->pw_name : "");
	find_source(peer, host_uid, question);
	question->actor = (struct stauth_actor){
		.name = question->host_user,
		.channel = question->channel,
		.address = question->source,
	};
}
