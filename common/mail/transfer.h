/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_TRANSFER_H
#define STAUTH_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/rc.h"

#define STAUTH_TRANSFER_CONNECT_MS 5000 /* until TCP stands, not a greeting */
#define STAUTH_TRANSFER_TOTAL_MS   30000
#define STAUTH_REPLY_EXCERPT_SIZE  120

/* Where a configured URL leads. */
struct stauth_endpoint {
	bool tls; /* https, smtps */
	bool loopback;
	bool has_path;
};

/* A setting that names a server. */
struct stauth_endpoint_rules {
	const char *key;    /* "SMTP_URL", for err->msg */
	const char *plain;  /* "smtp" */
	const char *secure; /* "smtps" */
};

/* ECONFIG: no URL, a scheme that is neither plain nor secure, or a user, query
 * or fragment in it. */
enum stauth_rc stauth_endpoint_parse(const char *url,
	const struct stauth_endpoint_rules *rules,
	struct stauth_endpoint *ret_endpoint, struct stauth_err *err);

/* One transfer: a fresh handle and a fresh connection, used once. */
struct stauth_transfer {
	CURL *curl;
	int64_t connect_deadline_ms; /* stauth_boot_ms */
	int64_t deadline_ms;
	bool done; /* the answer is in: only a farewell is left */
	char error[CURL_ERROR_SIZE];
};

/* protocols: as CURLOPT_PROTOCOLS_STR. The struct must not move until
 * close. ENOMEM. */
enum stauth_rc stauth_transfer_open(struct stauth_transfer *transfer,
	const char *url, const char *protocols, struct stauth_err *err);
/* Takes a zeroed one too. */
void stauth_transfer_close(struct stauth_transfer *transfer);

/*
 * What a transfer that failed before anything of the mail was accepted
 * means: ECONFIG for certificates and TLS, else EUNREACHABLE. Never OK.
 */
enum stauth_rc stauth_transfer_fault(const struct stauth_transfer *transfer,
	CURLcode code, const char *who, struct stauth_err *err);

/*
 * What a server replied, fit for a log: printable ASCII, one line, cut. Servers
 * quote what they refuse, and our subject holds the PIN: digits in a row from
 * six on, and whatever is long enough to be a token or a key, become "***". ""
 * if it holds the secret (NULL: there is none).
 */
void stauth_reply_excerpt(char out[STAUTH_REPLY_EXCERPT_SIZE],
	const char *reply, const char *secret);

#endif
