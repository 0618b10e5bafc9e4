/* SPDX-License-Identifier: MIT */
#include "check/serve.h"

#include "base/clock.h"
#include "check/decide.h"
#include "check/reply.h"
#include "log.h"

#include "base/banned.h"

#define FAULT_LOG_MS 10000 /* one line in so long, not one a check */

bool gate_serve_init(struct gate_serve *serve, const struct gate_worker *worker,
	struct stauth_check *check)
{
	const struct stauth_config *config = worker->config;
	stauth_ctx_init(&serve->ctx, config);
	serve->ctx.check = check;
	stauth_buf_init(&serve->reply, GATE_REPLY_MAX);
	gate_touch_init(&serve->touch, worker->touch_fd,
		(int64_t)config->session_idle_minutes * 60);
	serve->assertions = gate_assertions_new(config);
	return serve->assertions != NULL;
}

void gate_serve_finish(struct gate_serve *serve)
{
	gate_assertions_free(serve->assertions);
	stauth_buf_finish(&serve->reply);
	stauth_ctx_finish(&serve->ctx);
}

static void log_fault(struct gate_serve *serve, const char *why)
{
	int64_t now_ms = stauth_boot_ms();
	if (serve->fault_logged_ms == 0 ||
		now_ms - serve->fault_logged_ms >= FAULT_LOG_MS) {
		serve->fault_logged_ms = now_ms;
		gate_log("check: %s", why);
	}
}

/* What goes along with ALLOW; FAULT if it cannot be made. */
static enum stauth_verdict add_identity(struct gate_serve *serve,
	enum stauth_verdict verdict, const struct stauth_check_done *done,
	const char **ret_assertion)
{
	*ret_assertion = "";
	if (verdict != STAUTH_ALLOW) {
		return verdict;
	}
	struct stauth_check *check = serve->ctx.check;
	int64_t now_s = check->ops->now(check);
	const char *assertion =
		gate_assertions_get(serve->assertions, &done->session, now_s);
	if (assertion == NULL) {
		log_fault(serve, "no assertion could be made");
		return STAUTH_FAULT;
	}
	gate_touch_note(&serve->touch, done->session.handle,
		done->session.last_seen_at, now_s);
	*ret_assertion = assertion;
	return verdict;
}

static enum gate_served answer(struct gate_serve *serve, struct gate_conn *conn,
	enum stauth_verdict verdict, const struct stauth_check_done *done)
{
	const char *assertion;
	verdict = add_identity(serve, verdict, done, &assertion);
	gate_reply_build(verdict, &conn->params, &done->session, assertion,
		&serve->reply);
	(void)gate_io_write(
		conn->io, stauth_buf_str(&serve->reply), serve->reply.len);
	return gate_io_finish(conn->io) ? GATE_SERVED_OPEN : GATE_SERVED_CLOSED;
}

static enum gate_served answer_after_store(struct gate_serve *serve,
	struct gate_conn *conn, enum stauth_rc rc,
	const struct stauth_check_done *done)
{
	enum stauth_verdict verdict =
		gate_decide_after(&conn->params, rc, done);
	if (verdict == STAUTH_FAULT) {
		log_fault(serve,
			done->why[0] != '\0' ? done->why : stauth_rc_name(rc));
	}
	return answer(serve, conn, verdict, done);
}

static enum gate_served ask_store(
	struct gate_serve *serve, struct gate_conn *conn, const char *token)
{
	struct stauth_check_done *done = &serve->done;
	done->verdict = STAUTH_DENY;
	done->why[0] = '\0';
	enum stauth_rc rc = stauth_check_submit(&serve->ctx, token,
		STAUTH_TOKEN_LEN, gate_conn_tag(conn), done);
	if (rc == STAUTH_PENDING) {
		return GATE_SERVED_WAITING;
	}
	return answer_after_store(serve, conn, rc, done);
}

enum gate_served gate_serve_request(
	struct gate_serve *serve, struct gate_conn *conn)
{
	const struct stauth_config *config = serve->ctx.config;
	if (!gate_io_begin(conn->io, conn->fd)) {
		return GATE_SERVED_CLOSED;
	}
	gate_check_params_read(conn->io, config->cookie_name, &conn->params);
	enum stauth_verdict verdict;
	const char *token = gate_decide_before(config, &conn->params, &verdict);
	if (token != NULL) {
		return ask_store(serve, conn, token);
	}
	return answer(serve, conn, verdict, &serve->done);
}

enum gate_served gate_serve_late(struct gate_serve *serve,
	struct gate_conn *conn, const struct stauth_check_done *done)
{
	return answer_after_store(serve, conn, STAUTH_OK, done);
}
