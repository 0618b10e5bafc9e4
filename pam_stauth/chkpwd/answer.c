/* SPDX-License-Identifier: MIT */
/*
 * PAM's questions, answered by the domain.
 *
 *  1. PAMST_ALLOW MUST follow from a verdict of the core for this very user,
 *     and the host log-in policy MUST hold for every kind of question.
 *  2. A fault MUST become PAMST_UNAVAILABLE, never a denial or an allow.
 *  3. Nobody MUST learn about an account without its password but those whom
 *     peer.c lets ask.
 *  4. A name that stauth does not have MUST cost the time of a real check,
 *     and leave no count and no row: another module may know it.
 *  5. A password is changed with the current one, or by root outside of a
 *     log-in, or after a log-in to this very account that root vouches for.
 */
#include "answer.h"

#include <stdio.h>
#include <string.h>

#include "auth/account.h"
#include "auth/host.h"
#include "auth/login.h"
#include "base/secret.h"
#include "question.h"
#include "text.h"

#include "base/banned.h"

/* What a question is answered with and from. */
struct job {
	struct stauth_ctx *ctx;
	const struct chkpwd_peer *peer;
	struct chkpwd_question question;
	struct stauth_host_access access;
	struct stauth_login login;
	struct pamst_frame *answer;
};

static enum stauth_rc reply(struct job *job, int kind, const char *text)
{
	pamst_frame_init(job->answer, kind);
	pamst_frame_add(job->answer, PAMST_TEXT, text);
	return STAUTH_OK;
}

static void reply_fault(struct job *job, const struct stauth_err *err)
{
	(void)reply(job, PAMST_UNAVAILABLE,
		err->rc == STAUTH_EBUSY ? STAUTH_TEXT_BUSY
					: STAUTH_TEXT_UNAVAILABLE);
	chkpwd_peer_log(job->peer, err->msg, job->answer);
}

/* One try with the password; the policy's unknown is everybody's. */
static enum stauth_rc try_password(struct job *job, struct stauth_err *err)
{
	const struct chkpwd_question *q = &job->question;
	const char *user = job->access.verdict != STAUTH_DENY ? q->user : "";
	const struct stauth_login_request request = {
		.username = user,
		.username_len = strlen(user),
		.address = q->source,
		.channel = q->channel,
		.pam = true,
		.by_email = q->policy.any_account,
		.caller = q->caller[0] != '\0' ? q->caller : NULL,
	};
	enum stauth_rc rc =
		stauth_login_start(job->ctx, &request, &job->login, err);

	if (rc != STAUTH_OK) {
		return rc;
	}
	return stauth_login_password(
		job->ctx, &job->login, q->too_long ? NULL : &q->password, err);
}

/* A verdict of the log-in that is not ALLOW. */
static enum stauth_rc reply_denied(struct job *job)
{
	const struct stauth_login *login = &job->login;
	char text[160];
	if (login->verdict == STAUTH_DENY_THROTTLED) {
		snprintf(text, sizeof(text), STAUTH_TEXT_THROTTLED,
			(long long)login->wait_s, STAUTH_PLURAL(login->wait_s));
		return reply(job, PAMST_THROTTLED, text);
	}
	if (login->verdict == STAUTH_NEED_FACTOR) {
		return reply(job, PAMST_NEED_CODE, NULL);
	}
	if (login->unknown || job->access.verdict == STAUTH_DENY) {
		return reply(job, PAMST_UNKNOWN_USER, NULL);
	}
	return reply(job,
		login->right_but_disabled ? PAMST_DISABLED : PAMST_WRONG, NULL);
}

static enum stauth_rc answer_auth(struct job *job, struct stauth_err *err)
{
	struct stauth_login *login = &job->login;
	enum stauth_rc rc = try_password(job, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (login->verdict != STAUTH_ALLOW) {
		return reply_denied(job);
	}
	/* As the account is now. */
	if (stauth_host_check(job->question.user, &login->account,
		    &job->question.policy) != STAUTH_ALLOW) {
		rc = stauth_login_refused(
			job->ctx, login, CHKPWD_AUDIT_REFUSED, err);
		return rc != STAUTH_OK ? rc
				       : reply(job, PAMST_NOT_PERMITTED, NULL);
	}
	rc = stauth_login_done(job->ctx, login, "login", err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	(void)reply(job, PAMST_ALLOW, NULL);
	pamst_frame_add(job->answer, PAMST_USER, login->account.name);
	char proof[STAUTH_HOST_PROOF_SIZE];
	stauth_host_proof(&login->account, proof);
	pamst_frame_add(job->answer, PAMST_PROOF, proof);
	return STAUTH_OK;
}

static enum stauth_rc answer_account(struct job *job)
{
	if (job->access.account.disabled) {
		return reply(job, PAMST_DISABLED, NULL);
	}
	if (job->access.account.must_change) {
		return reply(job, PAMST_MUST_CHANGE, STAUTH_TEXT_MUST_CHANGE);
	}
	return reply(job, PAMST_ALLOW, NULL);
}

/* May the password be set without the current one? */
static bool is_vouched_for(const struct job *job)
{
	return job->question.as_root ||
	       stauth_host_proof_holds(
		       &job->access.account, job->question.proof);
}

static enum stauth_rc check_change(struct job *job, struct stauth_err *err)
{
	if (is_vouched_for(job)) {
		return reply(job, PAMST_ALLOW, NULL);
	}
	if (!job->question.has_password) {
		return reply(job, PAMST_NEED_PASSWORD, NULL);
	}
	enum stauth_rc rc = try_password(job, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	if (job->login.verdict != STAUTH_ALLOW) {
		return reply_denied(job);
	}
	rc = stauth_login_done(job->ctx, &job->login, "verify", err);
	return rc != STAUTH_OK ? rc : reply(job, PAMST_ALLOW, NULL);
}

static enum stauth_rc change(struct job *job, struct stauth_err *err)
{
	const struct chkpwd_question *q = &job->question;
	if (q->new_password.len == 0) {
		return reply(job, PAMST_WEAK,
			q->new_too_long ? STAUTH_TEXT_PASSWORD_LONG
					: STAUTH_TEXT_PASSWORD_EMPTY);
	}
	enum stauth_rc rc;
	int ended;
	if (is_vouched_for(job)) {
		rc = stauth_host_password_set(job->ctx, &job->access.account,
			&q->new_password, &q->actor, err);
	} else {
		rc = try_password(job, err);
		if (rc != STAUTH_OK) {
			return rc;
		}
		if (job->login.verdict != STAUTH_ALLOW) {
			return reply_denied(job);
		}
		const struct stauth_password_change given = {
			.login = &job->login,
			.password = &q->new_password,
		};
		rc = stauth_password_change(
			job->ctx, &given, &q->actor, &ended, err);
	}
	if (rc == STAUTH_BADVALUE) {
		return reply(job, PAMST_WEAK, err->msg);
	}
	return rc != STAUTH_OK ? rc : reply(job, PAMST_ALLOW, NULL);
}

static enum stauth_rc answer_change(
	struct job *job, bool really, struct stauth_err *err)
{
	const struct stauth_account *account = &job->access.account;
	/* Left to the next module: what expired there is not ours. */
	if (job->question.expired_only && !account->must_change) {
		return reply(job, PAMST_UNKNOWN_USER, NULL);
	}
	if (account->disabled && !job->question.as_root) {
		return reply(job, PAMST_DISABLED, NULL);
	}
	return really ? change(job, err) : check_change(job, err);
}

/* A row in the list of sessions. */
static enum stauth_rc answer_open(struct job *job, struct stauth_err *err)
{
	const struct stauth_host_session host = {
		.service = job->question.service,
		.rhost = job->question.rhost,
		.tty = job->question.tty,
		.pid = job->peer->pid,
	};
	char handle[STAUTH_HANDLE_LEN + 1];
	enum stauth_rc rc = stauth_host_session_open(
		job->ctx, &job->access.account, &host, handle, err);

	if (rc > 0) { /* disabled or changed since */
		return reply(job, PAMST_UNKNOWN_USER, NULL);
	}
	if (rc != STAUTH_OK) {
		return rc;
	}
	(void)reply(job, PAMST_ALLOW, NULL);
	pamst_frame_add(job->answer, PAMST_HANDLE, handle);
	return STAUTH_OK;
}

static enum stauth_rc answer_close(struct job *job, struct stauth_err *err)
{
	enum stauth_rc rc =
		stauth_host_session_close(job->ctx, job->question.name,
			job->question.handle, &job->question.actor, err);
	return rc < 0 ? rc : reply(job, PAMST_ALLOW, NULL);
}

static enum stauth_rc answer_permitted(
	struct job *job, int kind, struct stauth_err *err)
{
	bool session = kind == PAMST_ASK_OPEN;
	if (job->access.verdict == STAUTH_DENY) {
		return reply(job, PAMST_UNKNOWN_USER, NULL);
	}
	if (job->access.verdict != STAUTH_ALLOW) {
		return reply(job,
			session ? PAMST_UNKNOWN_USER : PAMST_NOT_PERMITTED,
			NULL);
	}
	switch ((enum pamst_question)kind) {
	case PAMST_ASK_ACCOUNT:
		return answer_account(job);
	case PAMST_ASK_CHANGE_CHECK:
	case PAMST_ASK_CHANGE:
		return answer_change(job, kind == PAMST_ASK_CHANGE, err);
	case PAMST_ASK_OPEN:
		return answer_open(job, err);
	case PAMST_ASK_AUTH:
	case PAMST_ASK_CLOSE:
		break;
	}
	return reply(job, PAMST_UNAVAILABLE, NULL);
}

static enum stauth_rc dispatch(
	struct job *job, int kind, struct stauth_err *err)
{
	if (kind == PAMST_ASK_CLOSE) {
		return answer_close(job, err);
	}
	enum stauth_rc rc = stauth_host_find(job->ctx, job->question.user,
		&job->question.policy, &job->access, err);
	if (rc != STAUTH_OK) {
		return rc;
	}
	/* What the policy says of an account is answered after its password. */
	if (kind == PAMST_ASK_AUTH) {
		return answer_auth(job, err);
	}
	return answer_permitted(job, kind, err);
}

void chkpwd_answer(struct stauth_ctx *ctx, const struct chkpwd_peer *peer,
	const struct pamst_frame *frame, struct pamst_frame *answer)
{
	struct job job = {.ctx = ctx, .peer = peer, .answer = answer};
	int kind = frame->kind;
	chkpwd_question_read(frame, peer, &job.question);
	struct stauth_err err = {0};
	if (chkpwd_peer_may(peer, kind, job.question.name)) {
		if (dispatch(&job, kind, &err) != STAUTH_OK) {
			reply_fault(&job, &err);
		}
	} else if (kind == PAMST_ASK_OPEN || kind == PAMST_ASK_CLOSE) {
		/* Nothing is written for hosts that are not root's. */
		(void)reply(&job, PAMST_UNKNOWN_USER, NULL);
	} else {
		(void)reply(&job, PAMST_NOT_PERMITTED, NULL);
		chkpwd_peer_log(peer, CHKPWD_OWN_NAME_ONLY, answer);
	}
	stauth_login_finish(&job.login);
	stauth_wipe(&job, sizeof(job));
}
