/* SPDX-License-Identifier: MIT */
/* What tests of sign-up and reset share: mail on, and what is in the outbox. */
#ifndef STAUTH_TEST_MAIL_CASE_H
#define STAUTH_TEST_MAIL_CASE_H

#include "fixture.h"

#define FLOW_A    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FLOW_B    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define MAIL_HOME "192.0.2.1"

static inline int mail_setup(void **state)
{
	struct fixture *f;

	(void)fixture_setup(state);
	f = *state;
	f->config->allow_user_sign_up = true;
	f->config->mail_transport = STAUTH_TRANSPORT_FILE;
	return 0;
}

/* The next mail that is due, taken out of the outbox; kind "-": none. Those
 * that are never sent are skipped. */
static inline struct stauth_mail next_mail(struct fixture *f)
{
	struct stauth_state *state = f->ctx.state;
	struct stauth_mail mail;
	struct stauth_err err;

	for (;;) {
		memset(&mail, 0, sizeof(mail));
		if (state->ops->mail_take(state, 60, fixture_now_s, &mail,
			    &err) != STAUTH_OK) {
			(void)snprintf(mail.kind, sizeof(mail.kind), "-");
			return mail;
		}
		assert_ok(state->ops->mail_done(
			state, mail.id, NULL, fixture_now_s, &err));
		if (mail.kind[0]) {
			return mail;
		}
	}
}

/* Failures counted for the one source. */
static inline int64_t source_failures(struct fixture *f)
{
	struct stauth_counter counts[20];
	struct stauth_err err;
	size_t count = 0;

	assert_ok(f->ctx.state->ops->throttle_list(f->ctx.state,
		&(const struct stauth_counter_page){
			.limit = 20, .now_s = fixture_now_s},
		counts, &count, &err));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(counts[i].name, "source") == 0) {
			return counts[i].failures;
		}
	}
	return 0;
}

#define MAIL_TEST(f)                                                           \
	cmocka_unit_test_setup_teardown(f, mail_setup, fixture_teardown)

#endif
