/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_MESSAGE_H
#define STAUTH_MESSAGE_H

/*
 * common/ never prints. What a person should read goes through one callback;
 * pages, PAM conversation and command line are its callers. CONTRACT 7.
 */
enum stauth_message_type {
	STAUTH_INFO,
	STAUTH_SUCCESS,
	STAUTH_WARNING,
	STAUTH_ERROR,
};

/* message is borrowed for the call: UTF-8, one line, no secret. */
typedef void stauth_message_fn(
	enum stauth_message_type type, const char *message, void *user);

struct stauth_messages {
	stauth_message_fn *say; /* NULL: silent */
	void *user;             /* handed to say as it is */
};

/* Calls the callback, if there is one. */
void stauth_report(const struct stauth_messages *messages,
	enum stauth_message_type type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The default callback: "[AUTH] ERROR: ..." on stderr. user is ignored. */
stauth_message_fn stauth_message_stderr;

/* "info", "success", "warning", "error": the JSON form. */
const char *stauth_message_type_name(enum stauth_message_type type);

#endif
