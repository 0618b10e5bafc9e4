/* SPDX-License-Identifier: MIT */
#ifndef STAUTH_SEAL_H
#define STAUTH_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/ctx.h"
#include "store/records.h"

#define STAUTH_SEAL_HEX (2 * 32 + 1)

/* Seals what was written since the last seal; each new seal is given to
 * sealed. OK also if another sealer was faster. */
enum stauth_rc stauth_audit_seal(struct stauth_ctx *ctx,
	void (*sealed)(const struct stauth_seal *seal, void *user), void *user,
	struct stauth_err *err);

/* What a verification is asked for, and comes to. */
struct stauth_audit_verify {
	const char *head; /* 64 hex digits that must be in the chain; NULL */
	/* Told of each finding, in words. */
	void (*found)(const char *what, void *user);
	void *user;
	int64_t findings;
	int64_t seals;
	int64_t rows;            /* sealed, and read */
	int64_t deleted;         /* sealed, and gone since they are older than
				  * AUDIT_DAYS */
	int64_t unsealed;        /* newer than the last seal */
	struct stauth_seal last; /* number 0: none */
};

/* OK, whatever was found. */
enum stauth_rc stauth_audit_verify(struct stauth_ctx *ctx,
	struct stauth_audit_verify *verify, struct stauth_err *err);

#endif
