/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_COMPOSE_H
#define STAUTH_COMPOSE_H

#include <stdint.h>

#include "base/rc.h"
#include "mail/mailer.h"

struct stauth_config;

/* What stauth writes to people. The names are what the outbox keeps. */
enum stauth_mail_kind {
	STAUTH_MAIL_NONE = 0,         /* "" never sent */
	STAUTH_MAIL_SIGNUP_PIN,       /* "signup-pin" */
	STAUTH_MAIL_SIGNUP_EXISTS,    /* "signup-exists" */
	STAUTH_MAIL_SIGNUP_WAITING,   /* "signup-waiting": to administrators */
	STAUTH_MAIL_SIGNUP_APPROVED,  /* "signup-approved" */
	STAUTH_MAIL_RESET_LINK,       /* "reset-link" */
	STAUTH_MAIL_RESET_ASK,        /* "reset-ask": ask an administrator */
	STAUTH_MAIL_PASSWORD_CHANGED, /* "password-changed" */
	STAUTH_MAIL_EMAIL_PIN,        /* "email-pin" */
	STAUTH_MAIL_EMAIL_EXISTS,     /* "email-exists" */
	STAUTH_MAIL_EMAIL_CHANGED,    /* "email-changed": to the old one */
	STAUTH_MAIL_NAME_CHANGED,     /* "name-changed" */
	STAUTH_MAIL_NEW_DEVICE,       /* "new-device" */
	STAUTH_MAIL_TEST,             /* "test" */
};

const char *stauth_mail_kind_name(enum stauth_mail_kind kind);
/* BADVALUE: no such kind. */
enum stauth_rc stauth_mail_kind_parse(
	const char *name, enum stauth_mail_kind *ret_kind);

struct stauth_mail_params {
	enum stauth_mail_kind kind;
	const char *to;
	const char *user;    /* the account's name */
	const char *code;    /* PIN or token */
	const char *message; /* local part of the Message-ID */
	int minutes;         /* that the code works */
	int64_t date_at;
};

/* The mail and the strings it borrows. Holds the code: wipe by
 * stauth_composed_finish. */
struct stauth_composed {
	struct stauth_mail_message mail;
	char subject[256];
	char message_id[320];
	char text[4096];
	char html[8192];
};

/* ECONFIG: no PUBLIC_URL for a link, no NOTIFICATION_FROM_EMAIL; BADVALUE:
 * params that make no mail (an invalid address). */
enum stauth_rc stauth_compose(const struct stauth_config *config,
	const struct stauth_mail_params *params,
	struct stauth_composed *ret_composed, struct stauth_err *err);
void stauth_composed_finish(struct stauth_composed *composed);

#endif
