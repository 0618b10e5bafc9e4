/* SPDX-License-Identifier: MIT */
/*
 * One question, one answer, in a process of its own:
 *
 *  1. The question MUST be complete within QUESTION_MS and the answer within
 *     LIFE_S, or the process ends.
 *  2. A listener MUST take its configuration from its one place.
 */
#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "auth/ctx.h"
#include "config/config.h"
#include "peer.h"
#include "store/table.h"
#include "wire.h"

#include "base/banned.h"

#define QUESTION_MS 5000
#define ANSWER_MS   5000
#define LIFE_S      30

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

static void no_config(const struct chkpwd_peer *peer,
	const struct stauth_err *err, struct pamst_frame *answer)
{
	pamst_frame_init(answer, err->rc == STAUTH_EUNSAFE ? PAMST_BAD_CONFIG
							   : PAMST_UNAVAILABLE);
	chkpwd_peer_log(peer, err->msg, answer);
}

static void ask_core(const struct stauth_config *config,
	const struct chkpwd_peer *peer, const struct pamst_frame *question,
	struct pamst_frame *answer)
{
	struct stauth_store store = {0};
	struct stauth_err err = {0};
	if (stauth_store_open(config, STAUTH_ROLE_PAM, &store, &err) !=
		STAUTH_OK) {
		no_config(peer, &err, answer);
		return;
	}
	struct stauth_ctx ctx;
	stauth_ctx_init(&ctx, config);
	ctx.accounts = store.accounts;
	ctx.state = store.state;
	ctx.slots = STAUTH_SLOTS_PAM;
	chkpwd_answer(&ctx, peer, question, answer);
	stauth_ctx_finish(&ctx);
	stauth_store_close(&store);
}

static void answer_question(struct chkpwd_peer *peer, bool spawned,
	const struct pamst_frame *question, struct pamst_frame *answer)
{
	char path[4096];
	if (!spawned ||
		!pamst_frame_get(question, PAMST_CONFIG, path, sizeof(path))) {
		snprintf(path, sizeof(path), "%s", STAUTH_CONFIG_DEFAULT);
	}
	struct stauth_config *config = NULL;
	struct stauth_err err = {0};
	if (stauth_config_load(path, STAUTH_READER_HOST, &config, &err) !=
		STAUTH_OK) {
		no_config(peer, &err, answer);
		return;
	}
	peer->caller = chkpwd_is_caller(config, peer->uid);
	ask_core(config, peer, question, answer);
	stauth_config_free(config);
}

int chkpwd_serve(int fd, bool spawned)
{
	harden();
	struct pamst_frame question;
	struct chkpwd_peer peer;
	if (!chkpwd_peer_find(fd, &peer) ||
		!pamst_frame_receive(
			&question, fd, pamst_boot_ms() + QUESTION_MS)) {
		return EXIT_FAILURE;
	}
	struct pamst_frame answer;
	pamst_frame_init(&answer, PAMST_NONE);
	answer_question(&peer, spawned, &question, &answer);
	pamst_frame_wipe(&question);
	bool done = pamst_frame_send(&answer, fd, pamst_boot_ms() + ANSWER_MS);
	pamst_frame_wipe(&answer);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
