/* SPDX-License-Identifier: MIT */
/* What sign-up, reset and mail tests put in. */
#ifndef STAUTH_TEST_MAILFIX_H
#define STAUTH_TEST_MAILFIX_H

#include "fixture.h"

#define assert_done(call) assert_rc(call, STAUTH_OK)

static inline struct stauth_pending a_pending(int flow, const char *email)
{
	struct stauth_pending pending;

	memset(&pending, 0, sizeof(pending));
	fill_hash(pending.flow_hash, flow);
	(void)snprintf(pending.email, sizeof(pending.email), "%s", email);
	(void)snprintf(pending.password, sizeof(pending.password),
		"$argon2id$of-%.200s-%d", email, flow);
	pending.expires_at = NOW + 1800;
	return pending;
}

static inline enum stauth_rc put_pending(
	struct fixture *fix, const struct stauth_pending *pending)
{
	struct stauth_err err = {STAUTH_OK, ""};

	return fix->accounts->ops->pending_put(
		fix->accounts, pending, NOW, &err);
}

static inline enum stauth_rc pending_at(struct fixture *fix, int flow,
	int64_t now_s, struct stauth_pending *ret_pending)
{
	struct stauth_err err = {STAUTH_OK, ""};
	uint8_t hash[32];

	fill_hash(hash, flow);
	return fix->accounts->ops->pending_by_flow(
		fix->accounts, hash, now_s, ret_pending, &err);
}

static inline bool waits(struct fixture *fix, int flow)
{
	struct stauth_pending pending;
	enum stauth_rc rc = pending_at(fix, flow, NOW, &pending);

	assert_true(rc == STAUTH_OK || rc == STAUTH_NOTFOUND);
	return rc == STAUTH_OK;
}

static inline struct stauth_account account_of(
	const struct stauth_pending *pending)
{
	struct stauth_account account = an_account(pending->email);

	memcpy(account.email, pending->email, sizeof(account.email));
	memcpy(account.password, pending->password, sizeof(account.password));
	return account;
}

static inline enum stauth_rc promote(struct fixture *fix,
	const struct stauth_pending *pending, int64_t now_s, int64_t *ret_uid)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("signup");
	struct stauth_account account = account_of(pending);

	change.now_s = now_s;
	return fix->accounts->ops->pending_promote(fix->accounts,
		&(const struct stauth_promotion){pending->flow_hash, &account},
		&change, ret_uid, &err);
}

static inline struct stauth_pin a_pin(int flow, int mac)
{
	struct stauth_pin pin;

	memset(&pin, 0, sizeof(pin));
	(void)snprintf(pin.purpose, sizeof(pin.purpose), "signup");
	fill_hash(pin.flow_hash, flow);
	fill_hash(pin.pin_mac, mac);
	pin.tries_left = 5;
	pin.expires_at = NOW + 1800;
	return pin;
}

static inline struct stauth_mail a_mail(const char *to, const char *code)
{
	struct stauth_mail mail;

	memset(&mail, 0, sizeof(mail));
	(void)snprintf(mail.kind, sizeof(mail.kind), "signup-pin");
	(void)snprintf(mail.recipient, sizeof(mail.recipient), "%s", to);
	(void)snprintf(mail.user, sizeof(mail.user), "%s", to);
	(void)snprintf(mail.code, sizeof(mail.code), "%s", code);
	(void)snprintf(mail.message_id, sizeof(mail.message_id), "messageid%s",
		"0000001");
	mail.expires_at = NOW + 1800;
	return mail;
}

static inline enum stauth_rc commit_mail(
	struct fixture *fix, struct stauth_mail_commit *commit, int64_t now_s)
{
	struct stauth_err err = {STAUTH_OK, ""};
	int64_t wait_s = 0;

	if (commit->outbox_max == 0) {
		commit->outbox_max = 1000;
	}
	return fix->state->ops->mail_commit(
		fix->state, commit, now_s, &wait_s, &err);
}

/* A mail with this PIN (NULL: none). */
static inline void post(struct fixture *fix, const char *to, const char *code,
	const struct stauth_pin *pin, int64_t now_s)
{
	struct stauth_mail mail = a_mail(to, code);
	struct stauth_mail_commit commit;

	memset(&commit, 0, sizeof(commit));
	commit.mail = &mail;
	commit.pin = pin;
	assert_done(commit_mail(fix, &commit, now_s));
}

static inline enum stauth_rc take_mail(
	struct fixture *fix, int64_t now_s, struct stauth_mail *ret_mail)
{
	struct stauth_err err = {STAUTH_OK, ""};

	return fix->state->ops->mail_take(
		fix->state, 60, now_s, ret_mail, &err);
}

static inline enum stauth_rc try_pin(struct fixture *fix, const char *purpose,
	int flow, int mac, int64_t now_s, int *ret_left)
{
	struct stauth_err err = {STAUTH_OK, ""};
	uint8_t flow_hash[32];
	uint8_t pin_mac[32];

	fill_hash(flow_hash, flow);
	fill_hash(pin_mac, mac);
	return fix->state->ops->pin_try(fix->state,
		&(const struct stauth_pin_key){.purpose = purpose,
			.flow_hash = flow_hash,
			.now_s = now_s},
		pin_mac, ret_left, &err);
}

static inline enum stauth_rc look_pin(struct fixture *fix, int flow,
	int64_t now_s, struct stauth_pin *ret_pin)
{
	struct stauth_err err = {STAUTH_OK, ""};
	uint8_t hash[32];

	fill_hash(hash, flow);
	return fix->state->ops->pin_read(fix->state,
		&(const struct stauth_pin_key){
			.purpose = "signup", .flow_hash = hash, .now_s = now_s},
		ret_pin, &err);
}

static inline void put_invite(struct fixture *fix, int number, int uses)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_audit_row row = a_change("invite.add").audit;
	struct stauth_invite invite;

	memset(&invite, 0, sizeof(invite));
	(void)snprintf(invite.id, sizeof(invite.id), "invite%010d", number);
	fill_hash(invite.token_hash, number);
	(void)snprintf(invite.groups, sizeof(invite.groups), "a,b");
	invite.uses = uses;
	invite.approved = true;
	invite.expires_at = NOW + 1000;
	assert_rc(fix->state->ops->invite_put(
			  fix->state, &invite, &row, NOW, &err),
		STAUTH_OK);
}

/* A sign-up by the invitation; 0: by none. */
static inline void put_invited(struct fixture *fix, int flow, int invite)
{
	char email[64];

	(void)snprintf(email, sizeof(email), "p%d@example.org", flow);
	struct stauth_pending pending = a_pending(flow, email);
	pending.invited = invite != 0;
	fill_hash(pending.invite_hash, invite);
	(void)snprintf(pending.groups, sizeof(pending.groups), "a,b");
	assert_rc(put_pending(fix, &pending), STAUTH_OK);
}

static inline enum stauth_rc verify_pending(
	struct fixture *fix, int flow, int64_t keep_until, int64_t now_s)
{
	struct stauth_err err = {STAUTH_OK, ""};
	struct stauth_change change = a_change("signup.wait");
	uint8_t hash[32];

	change.now_s = now_s;
	fill_hash(hash, flow);
	return fix->accounts->ops->pending_verify(
		fix->accounts, hash, keep_until, &change, &err);
}

static inline enum stauth_rc put_reset(struct fixture *fix, int token,
	int64_t uid, const struct stauth_mail *mail)
{
	struct stauth_mail_commit commit;
	struct stauth_reset reset;

	memset(&reset, 0, sizeof(reset));
	fill_hash(reset.token_hash, token);
	reset.uid = uid;
	reset.epoch = 3;
	reset.expires_at = NOW + 1800;
	memset(&commit, 0, sizeof(commit));
	commit.mail = mail;
	commit.reset = &reset;
	return commit_mail(fix, &commit, NOW);
}

static inline enum stauth_rc look_reset(struct fixture *fix, int token,
	int64_t now_s, struct stauth_reset *ret_reset)
{
	struct stauth_err err = {STAUTH_OK, ""};
	uint8_t hash[32];

	fill_hash(hash, token);
	return fix->state->ops->reset_read(
		fix->state, hash, now_s, ret_reset, &err);
}

static inline enum stauth_rc take_reset(struct fixture *fix, int token,
	int64_t now_s, struct stauth_reset *ret_reset)
{
	struct stauth_err err = {STAUTH_OK, ""};
	uint8_t hash[32];

	fill_hash(hash, token);
	return fix->state->ops->reset_take(
		fix->state, hash, now_s, ret_reset, &err);
}

#endif
