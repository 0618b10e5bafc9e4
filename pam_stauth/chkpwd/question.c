/* SPDX-License-Identifier: MIT */
/*
 * What a question says, and how much of it is believed:
 *
 *  1. Who asks MUST be the helper's own finding; only root's programs say for
 *     whom they ask.
 *  2. What the service is called is the word of whoever starts the helper; who
 *     is neither root nor in group stauth MUST be counted by the uid too.
 *  3. Where the client is MUST be believed of root's programs alone, and only
 *     if it is an address: a name may resolve to anything.
 */
#include "question.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "auth/name.h"
#include "base/text.h"

#include "base/banned.h"

#define MINIMUM_UID 1000

static void get_secret(const struct pamst_frame *question, enum pamst_tag tag,
	struct stauth_secret *secret)
{
	char text[STAUTH_PASSWORD_MAX + 1];

	if (pamst_frame_get(question, tag, text, sizeof(text)) && text[0]) {
		(void)stauth_secret_set(secret, text, strlen(text), NULL);
	}
	stauth_wipe_array(text);
}

static int64_t get_number(const struct pamst_frame *question,
	enum pamst_tag tag, int64_t otherwise)
{
	char text[24];
	int64_t value;

	if (pamst_frame_get(question, tag, text, sizeof(text)) &&
		stauth_parse_int(text, 0, INT64_MAX, &value)) {
		return value;
	}
	return otherwise;
}

/* Root's programs say for whom they ask: su and sudo for their callers. */
static void find_host(const struct pamst_frame *question,
	const struct chkpwd_caller *caller, struct chkpwd_question *ask)
{
	ask->host_uid = caller->uid;
	if (caller->uid == 0) {
		ask->host_uid = get_number(question, PAMST_HOST_UID, 0);
	}
	if (!caller->privileged) {
		snprintf(ask->caller, sizeof(ask->caller), "local:%lu",
			(unsigned long)caller->uid);
	}
	const struct passwd *pwd = getpwuid((uid_t)ask->host_uid);
	if (pwd != NULL) {
		snprintf(ask->host_user, sizeof(ask->host_user), "%s",
			pwd->pw_name);
	}
}

/* Only a host of root's is believed about where the client is; a name that
 * resolves to an address never is one. */
static void find_address(struct chkpwd_question *ask)
{
	unsigned char raw[16];

	if (ask->host_uid == 0 &&
		(inet_pton(AF_INET, ask->rhost, raw) == 1 ||
			inet_pton(AF_INET6, ask->rhost, raw) == 1)) {
		snprintf(ask->address, sizeof(ask->address), "%.64s",
			ask->rhost);
		return;
	}
	snprintf(ask->address, sizeof(ask->address), "local:%.32s:%lu",
		ask->service, (unsigned long)ask->host_uid);
}

static void read_rules(
	const struct pamst_frame *question, struct chkpwd_question *ask)
{
	char flags[2];

	if (pamst_frame_get(question, PAMST_FLAGS, flags, sizeof(flags))) {
		ask->flags = (unsigned char)flags[0];
	}
	ask->rules.require_su = ask->flags & PAMST_REQUIRE_SU;
	ask->rules.any_account = ask->flags & PAMST_ANY_ACCOUNT;
	ask->rules.minimum_uid =
		get_number(question, PAMST_MINIMUM_UID, MINIMUM_UID);
	if (pamst_frame_get(
		    question, PAMST_GROUP, ask->group, sizeof(ask->group))) {
		ask->rules.group = ask->group;
	}
}

void chkpwd_question_read(const struct pamst_frame *question,
	const struct chkpwd_caller *caller, struct chkpwd_question *ask)
{
	(void)pamst_frame_get(
		question, PAMST_USER, ask->user, sizeof(ask->user));
	(void)pamst_frame_get(
		question, PAMST_SERVICE, ask->service, sizeof(ask->service));
	(void)pamst_frame_get(
		question, PAMST_RHOST, ask->rhost, sizeof(ask->rhost));
	(void)pamst_frame_get(question, PAMST_TTY, ask->tty, sizeof(ask->tty));
	(void)pamst_frame_get(
		question, PAMST_HANDLE, ask->handle, sizeof(ask->handle));
	ask->host_pid = get_number(question, PAMST_HOST_PID, 0);
	read_rules(question, ask);
	get_secret(question, PAMST_PASSWORD, &ask->password);
	get_secret(question, PAMST_NEW_PASSWORD, &ask->new_password);
	if (stauth_name_canonical(ask->user, strlen(ask->user), ask->name,
		    NULL) != STAUTH_OK) {
		ask->name[0] = '\0';
	}
	snprintf(ask->channel, sizeof(ask->channel), "pam:%.11s", ask->service);
	find_host(question, caller, ask);
	find_address(ask);
	ask->actor = (struct stauth_actor){
		.name = ask->host_user,
		.channel = ask->channel,
		.address = ask->address,
	};
}
