/* SPDX-License-Identifier: MIT */
/*
 * stauth_chkpwd: answers one question of pam_stauth.so and ends. It is a
 * program of its own so that no store, hash or network code is ever mapped
 * into sshd; installed set-group-id stauth, so that a screen locker can ask
 * about its own user.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "auth/ctx.h"
#include "base/secret.h"
#include "caller.h"
#include "config/config.h"
#include "store/table.h"
#include "wire.h"

#include "base/banned.h"

#define EXIT_USAGE  64
#define QUESTION_MS 5000
#define ANSWER_MS   5000
/* Whatever happens, a host never waits longer than its own patience. */
#define LIFE_S 45

static void harden(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)clearenv();
	umask(0077);
	(void)chdir("/");
	alarm(LIFE_S);
}

/* Only a module speaks over a socket; a person at a terminal does not. */
static bool asked_by_module(int argc)
{
	struct stat st;

	return argc == 1 && fstat(0, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void no_config(struct pamst_frame *answer,
	const struct chkpwd_caller *caller, const struct stauth_err *err)
{
	pamst_frame_init(answer, err->rc == STAUTH_EUNSAFE ? PAMST_BAD_CONFIG
							   : PAMST_UNAVAILABLE);
	/* Set-group-id for a stranger: nothing of the file is quoted. */
	pamst_frame_add(answer, PAMST_LOG,
		caller->setgid && !caller->privileged
			? "the configuration cannot be used"
			: err->msg);
}

static void with_store(const struct stauth_config *config,
	const struct chkpwd_caller *caller, const struct pamst_frame *question,
	struct pamst_frame *answer)
{
	struct stauth_store store = {0};
	struct stauth_err err = {0};

	if (stauth_store_open(config, STAUTH_ROLE_PAM, &store, &err) !=
		STAUTH_OK) {
		no_config(answer, caller, &err);
		return;
	}
	struct stauth_ctx ctx;
	stauth_ctx_init(&ctx, config);
	ctx.accounts = store.accounts;
	ctx.state = store.state;
	ctx.slots = STAUTH_SLOTS_PAM;
	chkpwd_answer(&ctx, caller, question, answer);
	stauth_ctx_finish(&ctx);
	stauth_store_close(&store);
}

static void with_config(const struct chkpwd_caller *caller,
	const struct pamst_frame *question, struct pamst_frame *answer)
{
	char path[4096];
	bool named =
		pamst_frame_get(question, PAMST_CONFIG, path, sizeof(path));

	if (!named || (caller->setgid && !caller->privileged)) {
		snprintf(path, sizeof(path), "%s", STAUTH_CONFIG_DEFAULT);
	}
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	if (stauth_config_load(path, STAUTH_READER_HOST, &config, &err) !=
		STAUTH_OK) {
		no_config(answer, caller, &err);
		return;
	}
	with_store(config, caller, question, answer);
	stauth_config_free(config);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (!asked_by_module(argc)) {
		fputs("stauth_chkpwd: pam_stauth.so starts me; there is "
		      "nothing to do by hand\n",
			stderr);
		return EXIT_USAGE;
	}
	harden();
	struct pamst_frame question;
	if (!pamst_frame_receive(&question, 0, pamst_boot_ms() + QUESTION_MS)) {
		return EXIT_FAILURE;
	}
	struct chkpwd_caller caller;
	chkpwd_caller_find(&caller);
	struct pamst_frame answer;
	pamst_frame_init(&answer, PAMST_NONE);
	with_config(&caller, &question, &answer);
	pamst_frame_wipe(&question);
	bool done = pamst_frame_send(&answer, 1, pamst_boot_ms() + ANSWER_MS);
	pamst_frame_wipe(&answer);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
