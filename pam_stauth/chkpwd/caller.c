/* SPDX-License-Identifier: MIT */
#include "caller.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "auth/name.h"

#include "base/banned.h"

#define GROUP "stauth"

static bool in_group(gid_t gid)
{
	if (getgid() == gid) {
		return true;
	}
	gid_t groups[NGROUPS_MAX];
	int count = getgroups(NGROUPS_MAX, groups);
	for (int i = 0; i < count; i++) {
		if (groups[i] == gid) {
			return true;
		}
	}
	return false;
}

void chkpwd_caller_find(struct chkpwd_caller *ret_caller)
{
	struct chkpwd_caller caller = {.uid = getuid()};
	const struct passwd *pwd = getpwuid(caller.uid);

	if (pwd != NULL) {
		snprintf(caller.name, sizeof(caller.name), "%s", pwd->pw_name);
	}
	const struct group *group = getgrnam(GROUP);
	caller.privileged =
		caller.uid == 0 || (group != NULL && in_group(group->gr_gid));
	caller.setgid = getauxval(AT_SECURE) != 0 || getegid() != getgid();
	*ret_caller = caller;
}

bool chkpwd_caller_may(const struct chkpwd_caller *caller, const char *user)
{
	if (caller->privileged) {
		return true;
	}
	char own[STAUTH_NAME_SIZE];
	return caller->name[0] != '\0' &&
	       stauth_name_canonical(caller->name, strlen(caller->name), own,
		       NULL) == STAUTH_OK &&
	       strcmp(own, user) == 0;
}
