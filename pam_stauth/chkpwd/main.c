/* SPDX-License-Identifier: MIT */
/*
 * stauth_chkpwd answers questions of pam_stauth.so: one on descriptor 0, or
 * all that come to its socket. It is a program of its own so that no store,
 * hash or network code is ever mapped into sshd.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "listen.h"
#include "serve.h"
#include "text.h"

#include "base/banned.h"

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--listen") == 0) {
		return chkpwd_listen();
	}
	struct stat st;
	/* A module asks over a socket; a person has a terminal. */
	if (argc != 1 || fstat(0, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		fputs(CHKPWD_USAGE, stderr);
		return EX_USAGE;
	}
	return chkpwd_serve(0, true);
}
