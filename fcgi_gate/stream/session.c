/* SPDX-License-Identifier: MIT */
/*
 * What the store says of the sessions. MUSTs:
 *  1. A session that it denies MUST reach no app; one that it denies later is
 *     cut off from the app at once.
 *  2. What it cannot say MUST NOT go on for longer than GATE_STREAM_FAULT_MS.
 *  3. The rule is that of a check (stauth_check_judge).
 */
#include "stream/session.h"

#include "base/clock.h"
#include "log.h"
#include "stream/app.h"
#include "stream/end.h"

#include "base/banned.h"

#define FAULT_LOG_MS 10000 /* one line in so long, not one a connection */

#define CLOSE_FAULT 1013

void gate_relay_log_fault(struct gate_relay *relay, const char *why)
{
	int64_t now_ms = stauth_boot_ms();
	if (relay->fault_logged_ms == 0 ||
		now_ms - relay->fault_logged_ms >= FAULT_LOG_MS) {
		relay->fault_logged_ms = now_ms;
		gate_log("relay: %s", why);
	}
}

/* The session is over. */
static void on_denied(struct gate_stream *stream)
{
	switch (stream->phase) {
	case GATE_STREAM_ASKED:
	case GATE_STREAM_CONNECT:
	case GATE_STREAM_ANSWER:
		gate_stream_send_away(stream);
		return;
	case GATE_STREAM_OPEN:
		gate_stream_end(stream, &gate_session_over);
		return;
	default:
		gate_stream_die(stream);
	}
}

void gate_session_fault(struct gate_stream *stream)
{
	static const struct gate_farewell farewell = {CLOSE_FAULT, false};
	if (stream->phase == GATE_STREAM_ASKED) {
		gate_stream_refuse_fault(stream);
	} else if (stauth_boot_ms() - stream->stood_ms < GATE_STREAM_FAULT_MS) {
		return;
	} else if (stream->phase == GATE_STREAM_OPEN) {
		gate_stream_end(stream, &farewell);
	} else {
		gate_stream_die(stream);
	}
}

/* Is it one whose session is asked about? */
bool gate_session_is_watched(const struct gate_stream *stream)
{
	return stream->head.handle[0] != '\0' &&
	       stream->phase >= GATE_STREAM_ASKED &&
	       stream->phase <= GATE_STREAM_PLAIN;
}

void gate_session_judge(struct gate_relay *relay, struct gate_stream *stream,
	enum stauth_rc rc, const struct stauth_check_done *done)
{
	enum stauth_verdict verdict = STAUTH_FAULT;
	if (rc == STAUTH_OK) {
		verdict = stauth_check_judge(done, "");
	}
	if (verdict == STAUTH_FAULT) {
		gate_relay_log_fault(relay,
			done->why[0] != '\0' ? done->why : stauth_rc_name(rc));
		gate_session_fault(stream);
		return;
	}
	if (verdict != STAUTH_ALLOW) {
		on_denied(stream);
		return;
	}
	stream->stood_ms = stauth_boot_ms();
	stream->last_seen_at = done->session.last_seen_at;
	if (stream->phase == GATE_STREAM_ASKED) {
		gate_app_connect(stream);
	}
}

void gate_session_ask(struct gate_relay *relay, struct gate_stream *stream)
{
	struct stauth_check_done *done = &relay->done;
	done->verdict = STAUTH_DENY;
	done->why[0] = '\0';
	enum stauth_rc rc = stauth_check_submit_handle(&relay->ctx,
		stream->head.handle, gate_stream_tag(stream), done);
	stream->is_asked = rc == STAUTH_PENDING;
	if (!stream->is_asked) {
		gate_session_judge(relay, stream, rc, done);
	}
}
